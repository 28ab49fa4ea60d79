#include "daemon/usage_error.hpp"

#include "model/text/json.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace sonde::daemon {
namespace {

/// Returns the text after `mark` in CLI11's sentence; empty if `mark` is not in it.
std::string rest_after(const std::string& sentence, std::string_view mark) {
  auto at = sentence.find(mark);
  return at == std::string::npos ? std::string() : sentence.substr(at + mark.size());
}

/// Returns the shown name: `--role ROLE` of an option, `TARGET` of a positional word.
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

/// Returns the first unknown flag; empty if there is none. CLI11 may name its value instead, or
/// report that the flag that was meant is missing.
std::string unknown_flag(const CLI::App& command) {
  auto words = command.remaining();
  auto found = std::ranges::find_if(words, [](const auto& word) { return word.starts_with('-'); });
  return found == words.end() ? std::string() : *found;
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

/// Rewrites CLI11's sentences, which name a missing word by its name alone or by the type of its
/// value.
std::string reworded(const CLI::App& command, const CLI::Error& why) {
  std::string sentence = why.what();
  switch (static_cast<CLI::ExitCodes>(why.get_exit_code())) {
    case CLI::ExitCodes::RequiredError: {
      auto unknown = unknown_flag(command);
      return unknown.empty() ? missing_word(command, sentence) : unexpected_word(command, unknown);
    }
    case CLI::ExitCodes::ExtrasError: {
      auto unknown = unknown_flag(command);
      auto words = rest_after(sentence, ": ");
      if (unknown.empty()) unknown = words.substr(0, words.find(' '));
      return unexpected_word(command, unknown);
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
    return fmt::format("\"{}\" is not a whole number from {} to {}", text, least, most);
  };
  return {check, std::string()};
}

}  // namespace sonde::daemon
