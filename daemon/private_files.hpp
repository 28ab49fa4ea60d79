#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace sonde::daemon {

/// Whether only this process's user and root can change what is in the data folder. Fails, with the
/// mend, where it belongs to another user or others may write to it: they could put their own
/// socket, keys or queue in it. A folder that is not there yet is made by this process.
[[nodiscard]] result<> check_data_folder(const std::filesystem::path& folder);

/// The same for a file that holds a secret, which has to be there.
[[nodiscard]] result<> check_secret_file(const std::filesystem::path& file);

}  // namespace sonde::daemon
