#pragma once

#include "daemon/usage_error.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace sonde::test {

/// Parses the flags of a verb, which `add` adds to it. Returns the usage error, or an empty text.
inline std::string parse_flags(const std::vector<std::string>& flags,
                               const std::function<void(CLI::App*)>& add) {
  CLI::App app("a program", "sonde");
  app.require_subcommand(1);
  add(app.add_subcommand("verb", "does something"));
  std::vector<const char*> words = {"sonde", "verb"};
  for (const auto& flag : flags)
    words.push_back(flag.c_str());
  try {
    app.parse(static_cast<int>(words.size()), words.data());
    return {};
  } catch (const CLI::ParseError& why) {
    return daemon::usage_error(&app, why);
  }
}

}  // namespace sonde::test
