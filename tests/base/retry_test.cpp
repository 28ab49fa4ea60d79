#include "base/async/retry.hpp"

#include "base/error_category.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <cerrno>

namespace sonde {
namespace {

using std::chrono::milliseconds;

/// Pauses too short to slow a test down.
constexpr retry_policy quick{milliseconds(1), milliseconds(2)};

error transient_error() {
  return fail_errno(ENOSPC, "write");
}
error permanent_error() {
  return fail_errno(EINVAL, "write");
}

}  // namespace

TEST_CASE("an error says whether it is transient") {
  CHECK(transient_error().is_transient());
  CHECK(!permanent_error().is_transient());
  CHECK(!error{}.is_transient());
}

TEST_CASE("a transient error is retried until the operation succeeds") {
  asio::io_context loop(1);
  logger log(log_level::error);
  stop_signal stop(loop.get_executor());
  int tries = 0;
  std::function<awaitable<result<int>>()> third_time = [&tries]() -> awaitable<result<int>> {
    if (++tries < 3) co_return transient_error();
    co_return tries;
  };
  auto outcome = test::run_on(loop, retry(quick, stop, log, "it failed", third_time));
  CHECK(outcome.value() == 3);
}

TEST_CASE("a permanent error ends the operation immediately") {
  asio::io_context loop(1);
  logger log(log_level::error);
  stop_signal stop(loop.get_executor());
  int tries = 0;
  std::function<awaitable<result<int>>()> never = [&tries]() -> awaitable<result<int>> {
    ++tries;
    co_return permanent_error();
  };
  auto outcome = test::run_on(loop, retry(quick, stop, log, "it failed", never));
  CHECK(!outcome);
  CHECK(tries == 1);
}

TEST_CASE("a stop request ends the pause, and the operation has run at least once") {
  asio::io_context loop(1);
  logger log(log_level::error);
  stop_signal stop(loop.get_executor());
  int tries = 0;
  std::function<awaitable<result<int>>()> busy = [&]() -> awaitable<result<int>> {
    ++tries;
    stop.request();
    co_return transient_error();
  };
  retry_policy patient{std::chrono::hours(1), std::chrono::hours(1)};
  auto outcome = test::run_on(loop, retry(patient, stop, log, "it failed", busy));
  CHECK(!outcome);
  CHECK(tries == 1);
  outcome = test::run_on(loop, retry(patient, stop, log, "it failed", busy));
  CHECK(tries == 2);
}

TEST_CASE("pauses grow up to the maximum and start again from the minimum after a success") {
  logger log(log_level::error);
  retry_course course({milliseconds(100), milliseconds(350)}, log, "it failed");
  CHECK(course.failed(transient_error()) == milliseconds(100));
  CHECK(course.failed(transient_error()) == milliseconds(200));
  CHECK(course.failed(transient_error()) == milliseconds(350));
  CHECK(course.failed(transient_error()) == milliseconds(350));
  course.succeeded();
  CHECK(course.failed(transient_error()) == milliseconds(100));
}

}  // namespace sonde
