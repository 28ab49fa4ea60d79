#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace sonde::daemon {

/// Reads a file that holds a secret or a key, of at most 64 KiB. Errors name the file.
[[nodiscard]] result<std::string> read_small_file(const std::filesystem::path& file);

/// Writes a file that only its owner can read. Afterwards the file is complete on the disk, or does
/// not exist.
[[nodiscard]] result<> write_small_file(const std::filesystem::path& file, const std::string& text);

}  // namespace sonde::daemon
