#include "daemon/usage_error.hpp"

#include "tests/support/doctest.hpp"

#include <vector>

namespace sonde::daemon {
namespace {

/// Parses these arguments for a program with one verb; returns its error message.
std::string complaint_of(std::vector<std::string> words) {
  CLI::App app("a program", "sonde");
  app.require_subcommand(1);
  auto* verb = app.add_subcommand("make", "makes it");
  int number = 0;
  bool nameless = false;
  std::string text;
  std::string what;
  verb->add_option("--number", number, "how many")->check(whole_number(-9, 90))->type_name("N");
  auto* name = verb->add_option("--name", text, "its name")->type_name("NAME");
  verb->add_flag("--nameless", nameless, "without a name")->excludes(name);
  verb->add_option("what", what, "what is made")->required()->type_name("THING");
  std::vector<const char*> all = {"sonde"};
  for (const auto& word : words)
    all.push_back(word.c_str());
  try {
    app.parse(static_cast<int>(all.size()), all.data());
  } catch (const CLI::ParseError& why) {
    return usage_error(&app, why);
  }
  return {};
}

const std::string help_of_make = "; `sonde make --help` shows how it is used\n";

}  // namespace

TEST_CASE("a number is refused with the range that is accepted") {
  for (const char* good : {"-9", "0", "90"})
    CHECK(complaint_of({"make", "x", "--number", good}).empty());
  for (const std::string bad : {"91", "-10", "x", "1.5", "1e1", "99999999999999999999", "7x"}) {
    CHECK(complaint_of({"make", "x", "--number", bad}) ==
          "sonde: --number: \"" + bad + "\" is not a whole number from -9 to 90" + help_of_make);
  }
}

TEST_CASE("a missing argument is named with its description") {
  CHECK(complaint_of({"make"}) == "sonde: THING is missing (what is made)" + help_of_make);
  CHECK(complaint_of({"make", "x", "--name"}) ==
        "sonde: --name NAME: the value is missing" + help_of_make);
  CHECK(complaint_of({}) == "sonde: a verb is missing; `sonde --help` shows how it is used\n");
}

TEST_CASE("an unknown argument is named, with the most similar one") {
  CHECK(complaint_of({"make", "x", "--nmae=1"}) ==
        "sonde: \"--nmae=1\" is not expected here; did you mean \"--name\"?" +
            help_of_make.substr(1));
  // Not its value, and not the flag that was meant.
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"make", "x", "--nmae", "1"}, {"make", "x", "--number", "2", "--nmae", "1"}}) {
    CHECK(complaint_of(words) ==
          "sonde: \"--nmae\" is not expected here; did you mean \"--name\"?" +
              help_of_make.substr(1));
  }
  CHECK(complaint_of({"make", "x", "y"}) == "sonde: \"y\" is not expected here" + help_of_make);
  CHECK(complaint_of({"make", "x", "--\x1b[2J"}).find('\x1b') == std::string::npos);
}

TEST_CASE("an option that is given twice is named") {
  CHECK(complaint_of({"make", "x", "--name", "a", "--name", "b"}) ==
        "sonde: --name NAME is given more than once" + help_of_make);
}

TEST_CASE("options that exclude each other are both named") {
  auto said = complaint_of({"make", "x", "--nameless", "--name", "y"});
  CHECK(said.starts_with("sonde: --name"));
  CHECK(said.find(" contradict each other") != std::string::npos);
}

}  // namespace sonde::daemon
