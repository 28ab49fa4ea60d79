#pragma once

#include <CLI/App.hpp>
#include <CLI/Error.hpp>
#include <CLI/Validators.hpp>

#include <cstdint>
#include <string>

namespace sonde::daemon {

/// Formats a usage error as a line for standard error: `sonde: `, the word, what is accepted, and
/// where the help is. `app` has parsed the words.
[[nodiscard]] std::string usage_error(const CLI::App* app, const CLI::Error& why);

/// Accepts whole numbers from `least` to `most`. The error names both.
[[nodiscard]] CLI::Validator whole_number(std::int64_t least, std::int64_t most);

}  // namespace sonde::daemon
