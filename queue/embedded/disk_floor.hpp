#pragma once

#include "base/result.hpp"
#include "queue/limits.hpp"

#include <cstdint>
#include <filesystem>

namespace sonde::queue::embedded {

/// Keeps disk space free for the few records that must be written to a full disk.
///
/// There are two bounds. Below the floor only urgent records are written. The reserve is a file
/// `reserve` in the data folder; its blocks are released when even urgent records do not fit. On a
/// small file system the bounds are at most a sixteenth (floor) and a sixty-fourth (reserve) of its
/// size. Lives on the writer's thread. A file system that cannot be measured is treated as one with
/// free space.
class disk_floor {
 public:
  disk_floor(std::filesystem::path folder, const limits& bounds);
  ~disk_floor();
  disk_floor(disk_floor&& other) noexcept;
  disk_floor& operator=(disk_floor&&) = delete;

  /// Returns `errc::no_space` if `bytes` more bytes, none of them urgent, would leave less free
  /// space than the floor. The error then persists until an eighth more than the floor is free.
  [[nodiscard]] result<> room(std::size_t bytes);

  /// Releases a slice of the reserve when almost no space is free, so that views can be written
  /// too, but leaves half of the reserve to urgent records. Allocates the reserve again when there
  /// is plenty of space.
  void look();

  /// Releases a slice of the reserve. Returns false if nothing was released.
  [[nodiscard]] bool give_way();

 private:
  struct space {
    std::uint64_t free = 0;
    std::uint64_t floor = 0;
    std::uint64_t reserve = 0;
  };
  [[nodiscard]] space measure() const;
  void open_reserve();

  std::filesystem::path folder_;
  std::uint64_t floor_bytes_;
  std::uint64_t reserve_bytes_;
  int descriptor_ = -1;      ///< of the reserve; -1: no reserve
  std::uint64_t held_ = 0;   ///< bytes allocated for the reserve
  std::uint64_t slice_ = 0;  ///< bytes released at once
  bool low_ = false;
};

}  // namespace sonde::queue::embedded
