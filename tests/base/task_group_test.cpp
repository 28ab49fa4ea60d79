#include "base/async/task_group.hpp"

#include "tests/support/doctest.hpp"

#include <stdexcept>
#include <vector>

namespace sonde {
namespace {

awaitable<void> throwing() {
  throw std::runtime_error("a bug");
  co_return;
}

awaitable<void> waiting() {
  asio::steady_timer timer(co_await asio::this_coro::executor);  // pause: never ends
  timer.expires_at(steady_time::max());
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

TEST_CASE("an exception that ends a task is reported to the handler of an essential group") {
  asio::io_context loop;
  logger log(log_level::error);
  std::vector<std::string> told;
  task_group group(loop.get_executor(), log, "essential",
                   [&](const error& why) { told.push_back(why.message()); });
  group.spawn(throwing());
  loop.run();
  CHECK(told == std::vector<std::string>{"essential ended by an exception: a bug"});
  CHECK(group.size() == 0);
}

TEST_CASE("a cancelled task is not reported as failed") {
  asio::io_context loop;
  logger log(log_level::error);
  int told = 0;
  task_group group(loop.get_executor(), log, "essential", [&](const error&) { ++told; });
  group.spawn(waiting());
  asio::post(loop, [&] { group.cancel(); });
  loop.run();
  CHECK(told == 0);
  CHECK(group.size() == 0);
}

}  // namespace sonde
