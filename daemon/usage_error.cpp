#include "daemon/usage_error.hpp"

#include "model/json.hpp"
#include "model/text.hpp"

#include <charconv>
#include <string_view>
#include <vector>

namespace sonde::daemon {
namespace {

/// What follows `mark` in CLI11's sentence; nothing where it is not there.
std::string rest_after(const std::string& sentence, std::string_view mark) {
  auto at = sentence.find(mark);
  return at == std::string::npos ? std::string() : sentence.substr(at + mark.size());
}

/// `--role ROLE` of an option, `TARGET` of a positional word.
std::string shown_name(const CLI::Option& option) {
  auto type = option.get_type_name();
  return option.get_positional() ? type : option.get_name() + (type.empty() ? "" : " " + type);
}

std::string missing_word(const CLI::App& command, const std::string& sentence) {
  for (const auto* each : command.get_options()) {
    if (sentence != each->get_name() + " is required") continue;
    return shown_name(*each) + " is missing (" + each->get_description() + ")";
  }
  return "a verb is missing";
}

std::string unexpected_word(const CLI::App& command, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* each : command.get_options()) {
    for (const auto& name : each->get_lnames())
      names.push_back("--" + name);
  }
  std::vector<std::string_view> known(names.begin(), names.end());
  auto meant = model::nearest_word(word.substr(0, word.find('=')), known);
  auto mend = meant.empty() ? std::string() : "; did you mean \"" + std::string(meant) + "\"?";
  return "\"" + word + "\" is not expected here" + mend;
}

std::string wrong_number_of_values(const CLI::App& command, const std::string& sentence) {
  auto name = sentence.substr(0, sentence.find(':'));
  for (const auto* each : command.get_options()) {
    if (each->get_name() != name) continue;
    bool missing = sentence.ends_with(" missing");
    return shown_name(*each) + (missing ? ": the value is missing" : " is given more than once");
  }
  return sentence;
}

std::string contradiction(const std::string& sentence) {
  constexpr std::string_view mark = " excludes ";
  auto one = sentence.substr(0, sentence.find(mark));
  return one + " and " + rest_after(sentence, mark) + " contradict each other; give one of them";
}

/// CLI11's sentences name a missing word by its name alone, or by the type of its value.
std::string reworded(const CLI::App& command, const CLI::Error& why) {
  std::string sentence = why.what();
  switch (static_cast<CLI::ExitCodes>(why.get_exit_code())) {
    case CLI::ExitCodes::RequiredError: return missing_word(command, sentence);
    case CLI::ExitCodes::ExtrasError: {
      auto words = rest_after(sentence, ": ");
      return unexpected_word(command, words.substr(0, words.find(' ')));
    }
    case CLI::ExitCodes::ArgumentMismatch: return wrong_number_of_values(command, sentence);
    case CLI::ExitCodes::ExcludesError: return contradiction(sentence);
    default: return sentence;
  }
}

}  // namespace

std::string usage_error(const CLI::App* app, const CLI::Error& why) {
  std::string words = app->get_name();
  for (auto next = app->get_subcommands(); !next.empty(); next = app->get_subcommands()) {
    app = next.front();
    words += " " + app->get_name();
  }
  auto sentence = model::visible(reworded(*app, why));
  const char* between = sentence.ends_with('?') ? " `" : "; `";
  return "sonde: " + sentence + between + words + " --help` shows how it is used\n";
}

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
  auto check = [least, most](const std::string& text) -> std::string {
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    auto read = std::from_chars(text.data(), end, number);
    bool whole = read.ec == std::errc() && read.ptr == end;
    if (whole && least <= number && number <= most) return {};
    return "\"" + text + "\" is no whole number from " + std::to_string(least) + " to " +
           std::to_string(most);
  };
  return {check, std::string()};
}

}  // namespace sonde::daemon
