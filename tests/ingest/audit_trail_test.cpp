#include "ingest/http/audit_trail.hpp"

#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "model/events.hpp"
#include "queue/errc.hpp"
#include "queue/forwarding_backend.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace sonde::ingest {
namespace {

/// A queue that accepts nothing while `closed` is set.
class closed_queue final : public queue::forwarding_backend {
 public:
  using forwarding_backend::forwarding_backend;
  awaitable<result<std::vector<queue::position>>> produce(std::vector<record> batch) override {
    ++tries;
    if (closed) co_return fail(queue::errc::unavailable);
    auto count = batch.size();
    auto places = co_await inner().produce(std::move(batch));
    if (places) accepted += count;
    co_return places;
  }
  std::atomic<bool> closed = false;
  std::atomic<int> tries = 0;
  std::atomic<std::size_t> accepted = 0;
};

model::audit_entry entry_of(std::string user, unsigned status = 202) {
  model::audit_entry out;
  out.request = "r";
  out.client = "192.0.2.1";
  out.user = std::move(user);
  out.action = "scan.request";
  out.status = status;
  return out;
}

struct kept_trail {
  kept_trail() {
    loop.start();
    test::run(run_on(loop.get_executor(), [this] { trail.start(); }));
  }
  ~kept_trail() { stop(); }
  void stop() {
    auto end = [this] { return trail.stop(); };
    test::run(run_coroutine_on(loop.get_executor(), end));
  }
  void note(int count, const std::string& user) {
    auto all = [this, count, user] {
      for (int i = 0; i < count; ++i)
        trail.note(entry_of(user),
                   user.empty() ? audit_trail::rate::limited : audit_trail::rate::unlimited);
    };
    test::run(run_on(loop.get_executor(), all));
  }
  std::vector<model::audit_entry> written() {
    std::vector<std::string> audit{model::topics::audit};
    std::int64_t count = 0;
    for (const auto& end : test::run(queue.ends(audit)).value())
      count += end.offset;
    std::vector<model::audit_entry> out;
    auto reader = queue.read_from(audit, {});
    while (static_cast<std::int64_t>(out.size()) < count) {
      for (const auto& one : test::run(reader->read()).value())
        out.push_back(model::parse_audit_entry(one.what.value).value());
    }
    return out;
  }

  test::manual_clock clock;
  logger log{log_level::error};
  metrics counts;
  queue::limits bounds;
  std::vector<queue::topic_spec> topics{{.name = model::topics::audit}};
  closed_queue queue{queue::make_memory_queue(topics, "test", clock, bounds, log).value()};
  event_loop loop{"http"};
  audit_trail trail{loop.get_executor(), queue, clock, log, counts};
};

}  // namespace

TEST_CASE_FIXTURE(kept_trail,
                  "pending entries are written before the trail ends, with their time") {
  note(3, "alice");
  stop();
  auto all = written();
  REQUIRE(all.size() == 3);
  CHECK(all.front().user == "alice");
  CHECK(all.front().time == clock.now());
}

TEST_CASE_FIXTURE(kept_trail,
                  "a hundred entries of unknown callers are written, and the rest counted") {
  note(150, "");
  note(1, "alice");
  stop();
  auto all = written();
  REQUIRE(all.size() == 101);
  CHECK(all.back().user == "alice");
  CHECK(all.back().left_out == 50);
  CHECK(counts.text().find("sonde_audit_left_out_total 50") != std::string::npos);
}

TEST_CASE_FIXTURE(kept_trail,
                  "ten thousand entries wait during a queue outage, and are written later") {
  queue.closed = true;
  note(1, "alice");
  while (queue.tries < 1)
    std::this_thread::yield();
  note(10'005, "bob");
  queue.closed = false;
  while (queue.accepted < 10'001)
    std::this_thread::yield();
  note(1, "carol");
  stop();
  auto all = written();
  REQUIRE(all.size() == 10'002);
  CHECK(all.back().left_out == 5);
}

}  // namespace sonde::ingest
