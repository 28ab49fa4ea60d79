#include "queue/errc.hpp"
#include "queue/limits.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::queue {

TEST_CASE("a batch larger than the pending limit is refused permanently, not as busy") {
  limits bounds;
  bounds.produce_pending_bytes = 1u << 20;
  system_clock clock;
  logger log(log_level::error);
  std::vector<topic_spec> topics(1);
  topics[0].name = "work";
  auto queue = make_memory_queue(topics, "test", clock, bounds, log).value();
  auto produce = [&](std::size_t records) {
    return test::run(queue->produce({records, {"work", "k", std::string(100'000, 'x'), {}}}));
  };
  auto refused = produce(11);
  REQUIRE(!refused);
  CHECK(refused.error().code == make_error_code(errc::too_large));
  CHECK(!refused.error().is_transient());
  CHECK(refused.error().message().find("the batch has 11") != std::string::npos);
  CHECK(produce(10).has_value());
  queue->close();
}

}  // namespace sonde::queue
