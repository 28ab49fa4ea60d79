#pragma once

#include "base/limits.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>

namespace sonde::queue::embedded {

/// Keeps some of a file system free for the few records that must be written on a full disk.
///
/// Two bounds: the floor, below which only urgent records are written, and the reserve, a file
/// `reserve` in the data folder whose blocks are released when even those do not fit. On a small
/// file system both are smaller: a sixteenth and a sixty-fourth of its size. Lives on the writer's
/// thread. A file system that cannot be asked counts as one with room.
class disk_floor {
 public:
  disk_floor(std::filesystem::path folder, const limits& bounds);
  ~disk_floor();
  disk_floor(disk_floor&& other) noexcept;
  disk_floor& operator=(disk_floor&&) = delete;

  /// `errc::no_space` where so many more bytes, none of them urgent, would leave less than the
  /// floor. After that it is so until an eighth more than the floor is free.
  [[nodiscard]] result<> room(std::size_t bytes);

  /// Releases a slice of the reserve where nearly nothing is free, so that views can be written
  /// too, but leaves half of it to urgent records. Allocates it again where there is plenty.
  void look();

  /// Releases a slice of the reserve. False: nothing is left of it.
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
  int descriptor_ = -1;      ///< of the reserve; -1: there is none
  std::uint64_t held_ = 0;   ///< allocated for it
  std::uint64_t slice_ = 0;  ///< released at once
  bool low_ = false;
};

}  // namespace sonde::queue::embedded
