#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace sonde::daemon {

/// Checks that only this process's user and root can change the content of the data folder. Fails,
/// with the remedy, if the folder belongs to another user or others may write to it: they could put
/// their own socket, keys or queue in it. A missing folder is accepted, because this process
/// creates it.
[[nodiscard]] result<> check_data_folder(const std::filesystem::path& folder);

/// Checks that only this process's user and root can change a file that holds a secret. The file
/// must exist.
[[nodiscard]] result<> check_secret_file(const std::filesystem::path& file);

}  // namespace sonde::daemon
