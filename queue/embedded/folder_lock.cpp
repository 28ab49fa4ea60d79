#include "queue/embedded/folder_lock.hpp"

#include "queue/errc.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace sonde::queue::embedded {
namespace {

std::string holder_of(int descriptor) {
  std::array<char, 32> text;
  auto size = pread(descriptor, text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "unknown";
}

}  // namespace

result<folder_lock> folder_lock::take(const std::filesystem::path& folder) {
  auto file = folder / "lock";
  int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    int number = errno;
    bool read_only = number == EROFS || number == EACCES || number == EPERM;
    auto what = fail_errno(number, "cannot write to the data folder " + folder.string());
    if (read_only) what.code = make_error_code(errc::read_only);
    if (number == ENOSPC) what.code = make_error_code(errc::no_space);
    return what;
  }
  folder_lock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return fail(errc::locked, "another sonde (process " + holder_of(descriptor) +
                                  ") is using the data folder " + folder.string() +
                                  "; stop it, or choose another folder with --data-dir");
  }
  auto pid = std::to_string(getpid());
  if (ftruncate(descriptor, 0) != 0 ||
      pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    auto what = fail_errno(errno, "cannot write to the data folder " + folder.string());
    if (errno == ENOSPC) what.code = make_error_code(errc::no_space);
    return what;
  }
  return lock;
}

folder_lock::folder_lock(folder_lock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

folder_lock::~folder_lock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace sonde::queue::embedded
