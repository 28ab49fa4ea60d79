#include "queue/metered.hpp"

#include "queue/limits.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::queue {
namespace {

struct metered_world {
  metered_world() {
    std::vector<topic_spec> topics = {{.name = "work", .partitions = 2},
                                      {.name = "work.dlq", .partitions = 2}};
    queue = make_metered(make_memory_queue(topics, "test", clock, bounds, log).value(), counts);
  }
  ~metered_world() { queue->close(); }

  [[nodiscard]] bool has(const std::string& line) const {
    return counts.text().find("\n" + line + "\n") != std::string::npos;
  }
  void put(const std::string& topic, int count) {
    std::vector<record> batch;
    for (int i = 0; i < count; ++i)
      batch.push_back({topic, "k", "12345", {{"h", "123"}}});
    REQUIRE(test::run(queue->produce(std::move(batch))));
  }

  limits bounds;
  system_clock clock;
  logger log{log_level::error};
  metrics counts;
  std::unique_ptr<backend> queue;
};

}  // namespace

TEST_CASE("produced records and failed produces are counted") {
  metered_world world;
  world.put("work", 3);
  REQUIRE(test::run(world.queue->produce_to(1, {"work", "k", "v", {}})));
  CHECK(world.has(R"(sonde_queue_produced_records_total{topic="test.work.v1"} 4)"));
  CHECK(world.has(R"(sonde_queue_produced_bytes_total{topic="test.work.v1"} 32)"));
  CHECK(world.has("sonde_queue_produce_seconds_count 2"));
  std::vector<record> large{{"work", "k", std::string(world.bounds.record_max_bytes, 'x'), {}}};
  CHECK(!test::run(world.queue->produce(std::move(large))));
  CHECK(world.has(R"(sonde_queue_produce_failures_total{topic="test.work.v1"} 1)"));
  CHECK(world.has(R"(sonde_queue_produced_records_total{topic="test.work.v1"} 4)"));
}

TEST_CASE("the size metric of a topic counts the bytes of that topic's records only") {
  metered_world world;
  world.put("work", 3);
  show_sizes(*world.queue, world.counts);
  CHECK(world.has(R"(sonde_queue_topic_bytes{topic="test.work.v1"} 30)"));
  CHECK(world.has(R"(sonde_queue_topic_bytes{topic="test.work.dlq.v1"} 0)"));
}

TEST_CASE("dead letters are counted under the topic that they came from") {
  metered_world world;
  CHECK(world.has(R"(sonde_queue_dead_letters_total{topic="test.work.v1"} 0)"));
  world.put("work.dlq", 2);
  CHECK(world.has(R"(sonde_queue_dead_letters_total{topic="test.work.v1"} 2)"));
}

TEST_CASE("records consumed by a group and the lag of the group are counted") {
  metered_world world;
  world.put("work", 5);
  auto lag = [&](const std::string& value) {
    REQUIRE(test::run(show_lag(*world.queue, "readers", "work", world.counts)));
    return world.has(R"(kafka_consumergroup_lag{consumergroup="test.readers",partition="0",)"
                     R"(topic="test.work.v1"} )" +
                     value) ||
           world.has(R"(kafka_consumergroup_lag{consumergroup="test.readers",partition="1",)"
                     R"(topic="test.work.v1"} )" +
                     value);
  };
  CHECK(lag("5"));
  test::run([](backend& queue) -> awaitable<void> {
    auto member = queue.join("readers", "work");
    std::vector<stored_record> got;
    while (got.size() < 5) {
      auto next = co_await member->next();
      REQUIRE(next);
      auto* batch = std::get_if<std::vector<stored_record>>(&*next);
      if (batch != nullptr) got.insert(got.end(), batch->begin(), batch->end());
    }
    auto place = got[2].place();
    ++place.offset;
    std::vector<position> next{place};
    auto committed = co_await member->commit(std::move(next));
    CHECK(committed);
    member->close();
  }(*world.queue));
  CHECK(lag("2"));
  CHECK(world.has(R"(sonde_queue_consumed_records_total{consumergroup="test.readers",)"
                  R"(topic="test.work.v1"} 5)"));
  CHECK(world.has(R"(sonde_queue_rebalances_total{consumergroup="test.readers",)"
                  R"(topic="test.work.v1"} 1)"));
}

}  // namespace sonde::queue
