#include "daemon/readiness.hpp"

#include "model/events.hpp"
#include "queue/forwarding_backend.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"

#include <map>

namespace sonde::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A queue that does not return the ends of its topics until it is released.
class slow_queue final : public queue::forwarding_backend {
 public:
  slow_queue(executor loop, std::unique_ptr<queue::backend> inner)
      : forwarding_backend(std::move(inner)), released_(std::move(loop)) {}

  awaitable<result<std::vector<queue::position>>> ends(std::vector<std::string>) override {
    ++asked;
    while (held)
      co_await released_.wait();
    std::vector<queue::position> none;
    co_return none;
  }
  awaitable<result<std::vector<queue::position>>> committed(std::string, std::string) override {
    std::vector<queue::position> none;
    co_return none;
  }
  void release() {
    held = false;
    released_.notify_all();
  }

  int asked = 0;
  bool held = true;

 private:
  condition released_;
};

struct readiness_world {
  explicit readiness_world(const clock& time)
      : queue(loop.get_executor(),
              queue::make_memory_queue({{.name = model::topics::scan_requests}}, "test", time,
                                       bounds, log)
                  .value()),
        parts{.queue = &queue, .alone = true, .longest_look = milliseconds(20)},
        asked(loop.get_executor(), parts, time, log) {}
  ~readiness_world() {
    loop.restart();
    loop.run();
    queue.close();
  }

  /// Returns each caller's answer.
  std::vector<std::vector<ingest::component>> ask(int callers) {
    std::vector<std::vector<ingest::component>> out;
    for (int i = 0; i < callers; ++i) {
      auto one = [this, &out]() -> awaitable<void> {
        auto told = co_await asked.ask();
        out.push_back(std::move(told));
        if (std::ssize(out) == expected) loop.stop();
      };
      asio::co_spawn(loop, one, asio::detached);
    }
    expected = callers;
    loop.restart();
    loop.run();
    return out;
  }

  asio::io_context loop;
  views::limits bounds;
  logger log{log_level::error};
  slow_queue queue;
  essential_parts parts;
  readiness asked;
  std::ptrdiff_t expected = 0;
};

}  // namespace

TEST_CASE("readiness does not wait for a queue that does not answer, and asks it once") {
  system_clock time;
  readiness_world w(time);
  for (const auto& told : w.ask(5)) {
    REQUIRE(told.size() == 1);
    CHECK(told[0].reason == "the queue has not answered for 20 ms");
  }
  CHECK(w.queue.asked == 1);
  CHECK(w.ask(1)[0][0].reason == "the queue has not answered for 20 ms");
  CHECK(w.queue.asked == 1);
  w.queue.release();
  auto well = w.ask(1)[0];
  CHECK(well.size() == 2);
  for (const auto& part : well)
    CHECK(part.reason.empty());
}

TEST_CASE("a result is cached for one second") {
  test::manual_clock time;
  readiness_world w(time);
  w.queue.release();
  CHECK(w.ask(3).size() == 3);
  CHECK(w.queue.asked == 1);
  time.advance(milliseconds(999));
  w.ask(1);
  CHECK(w.queue.asked == 1);
  time.advance(milliseconds(1));
  w.ask(1);
  CHECK(w.queue.asked == 2);
}

}  // namespace sonde::daemon
