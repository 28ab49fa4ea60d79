#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace sonde::daemon {

/// The whole of a file that holds a secret or a key, of at most 64 KiB. Errors name the file.
[[nodiscard]] result<std::string> read_small_file(const std::filesystem::path& file);

/// For its owner's eyes only; afterwards it is on the disk, whole, or not there at all.
[[nodiscard]] result<> write_small_file(const std::filesystem::path& file, const std::string& text);

}  // namespace sonde::daemon
