#include "daemon/service_manager.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace sonde::daemon {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::string value_of(const environment& variables, const char* name) {
  auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

std::optional<long long> number_of(const std::string& text) {
  long long out = 0;
  auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return out;
}

std::optional<milliseconds> watchdog_of(const environment& variables) {
  auto period = number_of(value_of(variables, "WATCHDOG_USEC"));
  if (!period || *period <= 0) return std::nullopt;
  auto meant = value_of(variables, "WATCHDOG_PID");
  if (!meant.empty() && number_of(meant) != static_cast<long long>(getpid())) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(microseconds(*period));
}

/// Returns the time of CLOCK_MONOTONIC, which systemd compares with its own.
std::string monotonic_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000);
}

}  // namespace

bool journal_reads_errors(const environment& variables) {
  struct stat its {};
  if (fstat(STDERR_FILENO, &its) != 0) return false;
  auto stream = fmt::format("{}:{}", its.st_dev, its.st_ino);
  return value_of(variables, "JOURNAL_STREAM") == stream;
}

service_manager::service_manager(const environment& variables)
    : socket_(value_of(variables, "NOTIFY_SOCKET")), watchdog_(watchdog_of(variables)) {
  bool usable = socket_.size() > 1 && (socket_.starts_with('/') || socket_.starts_with('@')) &&
                socket_.size() < sizeof(sockaddr_un::sun_path);
  if (usable) descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) watchdog_.reset();
}

service_manager::~service_manager() {
  if (descriptor_ >= 0) close(descriptor_);
}

void service_manager::ready(std::string_view status) const {
  send("READY=1\nSTATUS=" + std::string(status));
}

void service_manager::reloading() const {
  send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void service_manager::stopping(std::chrono::seconds at_most) const {
  auto time = std::to_string(microseconds(at_most).count());
  send("STOPPING=1\nSTATUS=running scans end\nEXTEND_TIMEOUT_USEC=" + time);
}

void service_manager::alive() const {
  send("WATCHDOG=1");
}

void service_manager::send(std::string_view state) const {
  if (descriptor_ < 0) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  // An abstract name begins with a NUL and has none at its end (unix(7)).
  if (socket_.front() == '@') to.sun_path[0] = '\0';
  auto size = offsetof(sockaddr_un, sun_path) + socket_.size();
  (void)sendto(descriptor_, state.data(), state.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(size));
}

}  // namespace sonde::daemon
