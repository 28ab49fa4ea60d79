#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "daemon/settings.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace sonde::daemon {

inline constexpr const char* profiles_key = "scan.profiles";
inline constexpr const char* kafka_key = "kafka";

/// Maximum number of mistakes that an error lists for one file; it counts the others.
inline constexpr std::size_t most_mistakes = 20;

/// Applies every setting of the file, with its place as the origin.
///
/// A mistake does not end the reading. The error has one line per mistake, `FILE:LINE:COLUMN:` and
/// the reason, in the order of the file, and says how many are left out. Invalid TOML gives one
/// line, because the parser stops there.
[[nodiscard]] result<> read_configuration_file(configuration& config,
                                               const std::filesystem::path& file);

/// Sets one value that comes from `origin`. The error begins with `origin`.
[[nodiscard]] result<> apply_setting(configuration& config, const setting& what,
                                     const result<setting_value>& value, const std::string& origin);

/// Sets a property of librdkafka. `queue` checks it.
void set_kafka(configuration& config, const std::string& property, const std::string& value,
               const std::string& origin);

}  // namespace sonde::daemon
