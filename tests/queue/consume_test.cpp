#include "queue/consume.hpp"

#include "queue/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <deque>

namespace sonde::queue {
namespace {

stored_record at(std::int64_t offset) {
  return {{"log", "", "", {}}, 0, offset, {}};
}

/// A consumer that returns the scripted deliveries and is closed after the last one.
class scripted_consumer final : public consumer {
 public:
  std::deque<result<delivery>> script;

  awaitable<result<delivery>> next() override {
    if (script.empty()) co_return fail(errc::closed);
    auto first = std::move(script.front());
    script.pop_front();
    co_return first;
  }
  awaitable<result<>> commit(std::vector<position>) override { co_return result<>(); }
  void close() override {}
};

struct consume_bench {
  result<> run() {
    consume_handler handler;
    handler.assigned = [this](std::vector<partition_ref> ours) -> awaitable<void> {
      events.push_back("assigned " + std::to_string(ours.size()));
      co_return;
    };
    handler.revoked = [this](queue::revoked gone) -> awaitable<void> {
      events.push_back("revoked " + std::to_string(gone.partitions.size()));
      co_return;
    };
    handler.records = [this](std::vector<stored_record> records) -> awaitable<void> {
      events.push_back("records " + std::to_string(records.size()));
      co_return;
    };
    return test::run_on(loop, consume(from, std::move(handler), stop, log, "cannot be read"));
  }

  asio::io_context loop{1};
  logger log{log_level::error};
  stop_signal stop{loop.get_executor()};
  scripted_consumer from;
  std::vector<std::string> events;
};

}  // namespace

TEST_CASE("deliveries arrive in order, across a transient error, until the consumer is closed") {
  consume_bench b;
  std::vector<partition_ref> ours{{"log", 0}};
  b.from.script.emplace_back(delivery(assigned{ours}));
  b.from.script.emplace_back(delivery(std::vector<stored_record>{at(0), at(1)}));
  b.from.script.emplace_back(fail(errc::unavailable));
  b.from.script.emplace_back(delivery(std::vector<stored_record>{at(2)}));
  b.from.script.emplace_back(delivery(revoked{ours, false}));
  CHECK(b.run());
  std::vector<std::string> all{"assigned 1", "records 2", "records 1", "revoked 1"};
  CHECK(b.events == all);
}

TEST_CASE("a permanent error ends the loop and is returned") {
  consume_bench b;
  b.from.script.emplace_back(fail(errc::damaged, "record 7"));
  b.from.script.emplace_back(delivery(std::vector<stored_record>{at(8)}));
  auto ended = b.run();
  REQUIRE(!ended);
  CHECK(ended.error().code == make_error_code(errc::damaged));
  CHECK(b.events.empty());
}

TEST_CASE("nothing is consumed after a stop request") {
  consume_bench b;
  b.from.script.emplace_back(delivery(std::vector<stored_record>{at(0)}));
  b.stop.request();
  CHECK(b.run());
  CHECK(b.events.empty());
}

}  // namespace sonde::queue
