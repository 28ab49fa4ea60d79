#include "queue/embedded/disk_floor.hpp"

#include "queue/errc.hpp"

#include <algorithm>
#include <fcntl.h>
#include <limits>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>

namespace sonde::queue::embedded {
namespace {

constexpr const char* reserve_name = "reserve";
/// The floor and the reserve of a small file system, as fractions (1/n) of its size.
constexpr std::uint64_t floor_share = 16;
constexpr std::uint64_t reserve_share = 64;
/// The reserve is released in this many steps: a program that fills the disk gets one step at a
/// time.
constexpr std::uint64_t reserve_slices = 8;
/// The shortage ends when the free space exceeds the floor by this fraction (1/n) of the floor.
constexpr std::uint64_t recovery_share = 8;

std::string mebibytes(std::uint64_t bytes) {
  constexpr std::uint64_t mebibyte = 1U << 20U;
  if (bytes < mebibyte) return std::to_string(bytes >> 10U) + " KiB";
  return std::to_string(bytes / mebibyte) + " MiB";
}

}  // namespace

disk_floor::disk_floor(std::filesystem::path folder, const limits& bounds)
    : folder_(std::move(folder)),
      floor_bytes_(bounds.disk_floor_bytes),
      reserve_bytes_(bounds.disk_reserve_bytes) {
  open_reserve();
  look();
}

disk_floor::~disk_floor() {
  if (descriptor_ >= 0) close(descriptor_);
}

disk_floor::disk_floor(disk_floor&& other) noexcept
    : folder_(std::move(other.folder_)),
      floor_bytes_(other.floor_bytes_),
      reserve_bytes_(other.reserve_bytes_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      held_(other.held_),
      slice_(other.slice_),
      low_(other.low_) {}

void disk_floor::open_reserve() {
  auto file = folder_ / reserve_name;
  if (reserve_bytes_ == 0) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return;
  }
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct stat its {};
  if (descriptor_ < 0 || fstat(descriptor_, &its) != 0) return;
  constexpr std::uint64_t block = 512;
  held_ = std::min(static_cast<std::uint64_t>(its.st_size),
                   static_cast<std::uint64_t>(its.st_blocks) * block);
  slice_ = std::max<std::uint64_t>(held_ / reserve_slices, 1);
}

disk_floor::space disk_floor::measure() const {
  struct statvfs its {};
  if (statvfs(folder_.c_str(), &its) != 0) {
    return {std::numeric_limits<std::uint64_t>::max(), 0, 0};
  }
  auto size = static_cast<std::uint64_t>(its.f_blocks) * its.f_frsize;
  return {static_cast<std::uint64_t>(its.f_bavail) * its.f_frsize,
          std::min(floor_bytes_, size / floor_share),
          std::min(reserve_bytes_, size / reserve_share)};
}

result<> disk_floor::room(std::size_t bytes) {
  if (floor_bytes_ == 0) return {};
  auto now = measure();
  auto needed = low_ ? now.floor + now.floor / recovery_share : now.floor + bytes;
  low_ = now.free < needed;
  if (!low_) return {};
  return fail(errc::no_space, "the disk of the queue has " + mebibytes(now.free) +
                                  " free, and limits.disk_floor_bytes keeps " +
                                  mebibytes(now.floor) +
                                  " of it; until more space is free, only revocations, "
                                  "cancellations and commits are written");
}

void disk_floor::look() {
  if (descriptor_ < 0) return;
  auto now = measure();
  if (now.free < slice_) {
    // If the slice can no longer be released, nothing is lost: the disk stays as full as it was.
    if (held_ > slice_ * reserve_slices / 2) (void)give_way();
    return;
  }
  if (held_ >= now.reserve) return;
  auto plenty = now.floor + now.floor / recovery_share + now.reserve - held_;
  if (now.free < plenty) return;
  if (posix_fallocate(descriptor_, 0, static_cast<off_t>(now.reserve)) != 0) return;
  held_ = now.reserve;
  slice_ = std::max<std::uint64_t>(held_ / reserve_slices, 1);
}

bool disk_floor::give_way() {
  if (descriptor_ < 0 || held_ == 0) return false;
  auto left = held_ - std::min(held_, slice_);
  if (ftruncate(descriptor_, static_cast<off_t>(left)) != 0) return false;
  held_ = left;
  return true;
}

}  // namespace sonde::queue::embedded
