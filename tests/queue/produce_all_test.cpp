#include "queue/produce_all.hpp"

#include "queue/consume.hpp"
#include "queue/errc.hpp"
#include "queue/forwarding_backend.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <functional>
#include <set>

namespace sonde::queue {
namespace {

/// A queue that records the batches that it receives and refuses the ones that a test selects.
class choosy_queue final : public forwarding_backend {
 public:
  using forwarding_backend::forwarding_backend;
  std::function<std::optional<error>(const std::vector<record>&)> refuses;
  std::vector<std::size_t> batches;

  awaitable<result<std::vector<position>>> produce(std::vector<record> batch) override {
    batches.push_back(batch.size());
    if (refuses) {
      if (auto why = refuses(batch)) co_return *why;
    }
    co_return co_await inner().produce(std::move(batch));
  }
};

struct produce_bench {
  produce_bench() {
    topic_spec topic;
    topic.name = "log";
    queue = std::make_unique<choosy_queue>(
        make_memory_queue({topic}, "test", time, bounds, log).value());
  }
  ~produce_bench() { queue->close(); }

  result<produced> produce(std::vector<record> batch) {
    return test::run_on(loop, produce_all(*queue, std::move(batch), stop, log, "not written"));
  }

  asio::io_context loop{1};
  system_clock time;
  limits bounds;
  logger log{log_level::error};
  stop_signal stop{loop.get_executor()};
  std::unique_ptr<choosy_queue> queue;
};

std::vector<record> records_of_size(std::size_t count, std::size_t bytes) {
  std::vector<record> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back({"log", std::to_string(i), std::string(bytes, 'x'), {}});
  return out;
}

}  // namespace

TEST_CASE("a batch larger than the pending limit is written in parts, in order") {
  produce_bench b;
  auto written = b.produce(records_of_size(200, 500'000));  // 100 MB; the limit is 64 MiB
  REQUIRE(written);
  CHECK(written->refused.empty());
  REQUIRE(written->places.size() == 200);
  for (std::size_t i = 0; i < 200; ++i)
    CHECK(written->places[i].offset == static_cast<std::int64_t>(i));
  CHECK(*std::max_element(b.queue->batches.begin(), b.queue->batches.end()) <= 16);
}

TEST_CASE("many small records are written in parts so that other producers get their turn") {
  produce_bench b;
  auto written = b.produce(records_of_size(5'000, 10));
  REQUIRE(written);
  CHECK(b.queue->batches == std::vector<std::size_t>{2'000, 2'000, 1'000});
}

TEST_CASE("a record that is too large is left out, and its neighbours are written in order") {
  produce_bench b;
  auto batch = records_of_size(9, 10);
  batch[4].value.resize(2u << 20);
  auto written = b.produce(std::move(batch));
  REQUIRE(written);
  CHECK(written->places.size() == 8);
  REQUIRE(written->refused.size() == 1);
  CHECK(written->refused[0].index == 4);
  CHECK(written->refused[0].why.code == make_error_code(errc::too_large));
}

TEST_CASE("a transient error is retried until a stop request") {
  produce_bench b;
  int failures = 1;
  b.queue->refuses = [&](const std::vector<record>&) -> std::optional<error> {
    if (failures-- > 0) return fail(errc::busy);
    return std::nullopt;
  };
  CHECK(b.produce(records_of_size(1, 1)).value().places.size() == 1);
  b.queue->refuses = [&](const std::vector<record>&) -> std::optional<error> {
    b.stop.request();
    return fail(errc::no_space);
  };
  CHECK(b.produce(records_of_size(1, 1)).error().code == make_error_code(errc::no_space));
}

TEST_CASE("an error that does not blame a record ends the whole call") {
  produce_bench b;
  b.queue->refuses = [](const std::vector<record>&) { return fail(errc::not_owned); };
  CHECK(b.produce(records_of_size(3, 1)).error().code == make_error_code(errc::not_owned));
  CHECK(b.queue->batches.size() == 1);
}

TEST_CASE("positions_after returns the next offset of each partition") {
  std::vector<stored_record> records;
  for (auto [partition, offset] : {std::pair(0, 3), std::pair(1, 7), std::pair(0, 4)})
    records.push_back({{"log", "", "", {}}, partition, offset, {}});
  std::vector<position> next{{"log", 0, 5}, {"log", 1, 8}};
  CHECK(positions_after(records) == next);
}

}  // namespace sonde::queue
