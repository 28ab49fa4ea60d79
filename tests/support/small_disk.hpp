#pragma once

#include "tests/support/doctest.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/mount.h>

namespace sonde::test {

/// Mounts a tmpfs on a folder and unmounts it at the end. These tests need root, as `./test` does.
class small_disk {
 public:
  small_disk(const std::filesystem::path& folder, const char* options) : folder_(folder) {
    std::filesystem::create_directories(folder);
    REQUIRE_MESSAGE(mount("tmpfs", folder.c_str(), "tmpfs", 0, options) == 0,
                    "cannot mount a tmpfs (root is needed): " << std::strerror(errno));
  }
  ~small_disk() { umount2(folder_.c_str(), MNT_DETACH); }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  void remount(unsigned long flags, const char* options) {
    REQUIRE(mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT | flags, options) == 0);
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace sonde::test
