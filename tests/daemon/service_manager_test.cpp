#include "daemon/service_manager.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace sonde::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The receiver of notifications, in the place of systemd.
struct listening {
  explicit listening(std::string name) : socket(name) {
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    std::memcpy(here.sun_path, name.data(), name.size());
    if (name.front() == '@') here.sun_path[0] = '\0';
    auto size = offsetof(sockaddr_un, sun_path) + name.size();
    REQUIRE(bind(descriptor, reinterpret_cast<sockaddr*>(&here), static_cast<socklen_t>(size)) ==
            0);
  }
  ~listening() { close(descriptor); }

  /// Returns the next datagram; empty if there is none.
  [[nodiscard]] std::string heard() const {
    std::array<char, 1024> buffer{};
    auto size = recv(descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return {buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

  std::string socket;
  int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace

TEST_CASE("journald reads standard error if JOURNAL_STREAM names its device and inode") {
  struct stat its {};
  REQUIRE(fstat(STDERR_FILENO, &its) == 0);
  auto own = std::to_string(its.st_dev) + ":" + std::to_string(its.st_ino);
  CHECK(journal_reads_errors({{"JOURNAL_STREAM", own}}));
  CHECK(!journal_reads_errors({{"JOURNAL_STREAM", own + "1"}}));
  CHECK(!journal_reads_errors({{"JOURNAL_STREAM", ""}}));
  CHECK(!journal_reads_errors({}));
}

TEST_CASE("systemd receives each notification, on a socket with a path and on an abstract one") {
  test::temporary_folder folder;
  auto path = (folder.path() / "notify").string();
  for (const auto& name : {path, "@sonde-test-" + std::to_string(getpid())}) {
    CAPTURE(name);
    listening other(name);
    service_manager manager(environment{{"NOTIFY_SOCKET", name}});
    manager.ready("listens on http://127.0.0.1:8480");
    CHECK(other.heard() == "READY=1\nSTATUS=listens on http://127.0.0.1:8480");
    manager.reloading();
    CHECK(other.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    manager.alive();
    CHECK(other.heard() == "WATCHDOG=1");
    manager.stopping(seconds(30));
    CHECK(other.heard() == "STOPPING=1\nSTATUS=running scans end\nEXTEND_TIMEOUT_USEC=30000000");
    CHECK(other.heard().empty());
    CHECK(!manager.watchdog());
  }
}

TEST_CASE("the watchdog is active only in the process that its variable names") {
  test::temporary_folder folder;
  auto path = (folder.path() / "notify").string();
  listening other(path);
  auto period = [&](environment variables) {
    variables["NOTIFY_SOCKET"] = path;
    return service_manager(variables).watchdog();
  };
  auto mine = std::to_string(getpid());
  CHECK(period({{"WATCHDOG_USEC", "60000000"}}) == milliseconds(60'000));
  CHECK(period({{"WATCHDOG_USEC", "60000000"}, {"WATCHDOG_PID", mine}}) == milliseconds(60'000));
  CHECK(!period({{"WATCHDOG_USEC", "60000000"}, {"WATCHDOG_PID", "1"}}));
  CHECK(!period({{"WATCHDOG_USEC", "soon"}}));
  CHECK(!period({}));
}

TEST_CASE("without a socket, or with one that does not exist, nothing happens") {
  for (const char* name : {"", "relative", "/nowhere/at/all", "@"}) {
    CAPTURE(name);
    service_manager manager(environment{{"NOTIFY_SOCKET", name}, {"WATCHDOG_USEC", "1000000"}});
    manager.ready("x");
    manager.alive();
  }
  service_manager none(environment{{"WATCHDOG_USEC", "1000000"}});
  CHECK(!none.watchdog());
}

}  // namespace sonde::daemon
