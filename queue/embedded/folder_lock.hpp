#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace sonde::queue::embedded {

/// The exclusive lock of one process on a data folder: an advisory lock on the file `lock` in the
/// folder. The lock ends with the process, even if the process crashes.
class folder_lock {
 public:
  /// Takes the lock. Fails with `errc::locked` and the id of the other process if another process
  /// holds it.
  [[nodiscard]] static result<folder_lock> take(const std::filesystem::path& folder);

  folder_lock(folder_lock&& other) noexcept;
  folder_lock& operator=(folder_lock&&) = delete;
  ~folder_lock();

 private:
  explicit folder_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace sonde::queue::embedded
