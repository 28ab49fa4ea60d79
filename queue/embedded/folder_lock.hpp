#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace sonde::queue::embedded {

/// The claim of one process on a data folder, held by an advisory lock on the file `lock` in it. It
/// ends with the process, however that ends.
class folder_lock {
 public:
  /// `errc::locked` where another process holds it, with that process's id.
  [[nodiscard]] static result<folder_lock> take(const std::filesystem::path& folder);

  folder_lock(folder_lock&& other) noexcept;
  folder_lock& operator=(folder_lock&&) = delete;
  ~folder_lock();

 private:
  explicit folder_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace sonde::queue::embedded
