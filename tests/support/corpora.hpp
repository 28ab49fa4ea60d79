#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace sonde::test {

/// Returns the folder with test data that is not part of this tree: `SONDE_CORPORA`, or by default
/// `../shared/corpora` beside it. Returns nothing if it is absent; the caller must report that. In
/// CI (`CI` is set) its absence is a failure.
[[nodiscard]] std::optional<std::filesystem::path> corpora();

/// Unpacks an archive of the corpora into a folder of this test run and returns that folder. Throws
/// if the archive cannot be unpacked.
[[nodiscard]] std::filesystem::path unpack(const std::filesystem::path& archive);

}  // namespace sonde::test
