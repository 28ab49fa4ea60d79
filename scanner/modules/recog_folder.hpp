#pragma once

#include "base/result.hpp"
#include "scanner/modules/recog.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>

namespace sonde::scanner {

/// The limits of a folder. The folder of the Recog project has about 60 files.
inline constexpr std::size_t recog_files_most = 256;
inline constexpr std::size_t recog_folder_bytes = 32 * 1024 * 1024;

/// Loads all files `*.xml` of a folder, in the order of their names. Blocks. Fails if the folder
/// cannot be read, has no such file, exceeds a limit, or if a file is invalid.
[[nodiscard]] result<std::shared_ptr<const recog_database>> load_recog_folder(
    const std::filesystem::path& folder);

}  // namespace sonde::scanner
