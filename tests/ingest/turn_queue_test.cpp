#include "ingest/http/turn_queue.hpp"

#include "tests/support/doctest.hpp"

#include <boost/asio/io_context.hpp>

#include <vector>

namespace sonde::ingest {
namespace {

struct queued {
  asio::io_context loop{1};
  turn_queue turns{loop.get_executor(), 2};
  std::vector<int> had;
  std::vector<turn_queue::turn> held;
  int missed = 0;

  awaitable<void> one(int who, steady_time until) {
    auto turn = co_await turns.wait(until);
    if (!turn) {
      ++missed;
      co_return;
    }
    had.push_back(who);
    held.push_back(std::move(*turn));
  }
  void start(int who, steady_time until = steady_time::max()) {
    asio::co_spawn(loop, one(who, until), asio::detached);
    loop.restart();
    loop.poll();
  }
  void end_first() {
    std::vector<turn_queue::turn> rest;
    for (std::size_t i = 1; i < held.size(); ++i)
      rest.push_back(std::move(held[i]));
    held.clear();
    for (auto& each : rest)
      held.push_back(std::move(each));
    loop.restart();
    loop.poll();
  }
};

}  // namespace

TEST_CASE_FIXTURE(queued, "a limited number have a turn; the others follow in order of arrival") {
  for (int who = 1; who <= 5; ++who)
    start(who);
  CHECK(had == std::vector<int>{1, 2});
  end_first();
  CHECK(had == std::vector<int>{1, 2, 3});
  end_first();
  end_first();
  CHECK(had == std::vector<int>{1, 2, 3, 4, 5});
  end_first();
  end_first();
  start(6);
  start(7);
  start(8);
  CHECK(had == std::vector<int>{1, 2, 3, 4, 5, 6, 7});
  held.clear();
  loop.restart();
  loop.poll();
  held.clear();
}

TEST_CASE_FIXTURE(queued,
                  "a waiter whose deadline has passed gets no turn, and leaves none unused") {
  start(1);
  start(2);
  start(3, steady_time::min());
  CHECK(missed == 1);
  start(4);
  end_first();
  CHECK(had == std::vector<int>{1, 2, 4});
  held.clear();
}

}  // namespace sonde::ingest
