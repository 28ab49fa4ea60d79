#include "client/standard_output.hpp"

#include "client/errc.hpp"
#include "client/output_watch.hpp"
#include "client/terminal.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/client/replaced_output.hpp"
#include "tests/support/doctest.hpp"

#include <cerrno>
#include <string>
#include <thread>

namespace sonde::client {
namespace {

/// Runs a verb that prints two lines to `output`; has its exit code and its error text.
struct printed_verb {
  explicit printed_verb(int output) {
    test::captured_output captured;
    {
      test::replaced_output replaced(output);
      terminal screen(output_form::json);
      screen.print("{}\n");
      failed = screen.failed();
      screen.print("{}\n");
      code = screen.finish(exit_code::done);
      again = screen.finish(exit_code::scan_failed);
    }
    err = captured.err();
  }
  bool failed = false;
  int code = -1;
  int again = -1;
  std::string err;
};

}  // namespace

TEST_CASE("a slow reader receives everything, even through a non-blocking pipe") {
  test::two_ends ends;
  REQUIRE(fcntl(ends.in, F_SETFL, O_NONBLOCK) == 0);
  std::string sent;
  while (sent.size() < 1'000'000)
    sent += std::to_string(sent.size()) + "\n";
  std::string received;
  std::thread reader([&] {
    char some[1000];
    for (auto size = read(ends.out, some, sizeof some); size > 0;) {
      received.append(some, static_cast<std::size_t>(size));
      size = read(ends.out, some, sizeof some);
    }
  });
  auto failed = write_all(ends.in, sent);
  close(ends.in);
  reader.join();
  close(ends.out);
  CHECK(!failed);
  CHECK(received.size() == sent.size());
  CHECK((received == sent));
}

TEST_CASE("a failed write returns the reason of the system") {
  int full = test::full_disk();
  CHECK(write_all(full, "x").value() == ENOSPC);
  CHECK(!write_all(full, ""));
  close(full);
  CHECK(write_all(full, "x").value() == EBADF);
}

TEST_CASE("a verb on a full disk reports it once and ends with its own exit code") {
  printed_verb verb(test::full_disk());
  CHECK(verb.failed);
  CHECK(verb.code == exit_code::output);
  CHECK(verb.again == exit_code::output);
  CHECK(verb.err == "sonde: standard output cannot be written: No space left on device\n");
}

TEST_CASE("a verb whose reader has gone ends quietly, as other filters do") {
  printed_verb verb(test::deserted_pipe());
  CHECK(verb.failed);
  CHECK(verb.code == exit_code::output_closed);
  CHECK(verb.again == exit_code::output_closed);
  CHECK(verb.err.empty());
}

TEST_CASE("a verb whose output was written keeps its exit code") {
  printed_verb verb(open("/dev/null", O_WRONLY | O_CLOEXEC));
  CHECK(!verb.failed);
  CHECK(verb.code == exit_code::done);
  CHECK(verb.again == exit_code::scan_failed);
  CHECK(verb.err.empty());
}

TEST_CASE("the end of a reader is noticed while nothing is printed") {
  test::two_ends ends;
  asio::io_context loop(1);
  int seen = 0;
  int before = -1;
  int flags = -1;
  {
    test::replaced_output replaced(ends.in);
    output_watch watch(loop.get_executor(), [&seen] { ++seen; });
    loop.poll();
    before = seen;
    flags = fcntl(STDOUT_FILENO, F_GETFL);
    close(ends.out);
    loop.run_for(std::chrono::seconds(60));
  }
  CHECK(before == 0);
  CHECK(seen == 1);
  CHECK((flags & O_NONBLOCK) == 0);
}

TEST_CASE("a regular file as standard output never triggers the watch for a gone reader") {
  asio::io_context loop(1);
  test::captured_output captured;
  int seen = 0;
  {
    output_watch watch(loop.get_executor(), [&seen] { ++seen; });
    loop.run();
  }
  CHECK(seen == 0);
}

}  // namespace sonde::client
