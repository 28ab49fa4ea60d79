#include "webhook/message_log.hpp"

#include "base/clock.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "webhook/errc.hpp"

namespace sonde::webhook {
namespace {

constexpr std::int32_t partitions = 4;

struct topics_in_memory {
  topics_in_memory() {
    std::vector<queue::topic_spec> topics;
    for (const char* name : {model::topics::webhook_requests, model::topics::webhook_deliveries}) {
      queue::topic_spec topic;
      topic.name = name;
      topic.partitions = partitions;
      topics.push_back(std::move(topic));
    }
    queue = queue::make_memory_queue(std::move(topics), "test", clock, bounds, log).value();
  }
  ~topics_in_memory() { queue->close(); }
  topics_in_memory(const topics_in_memory&) = delete;
  topics_in_memory& operator=(const topics_in_memory&) = delete;

  void write(std::int32_t partition, const std::string& id, model::delivery_state state) {
    model::webhook_delivery delivery;
    delivery.id = model::delivery_id(id);
    delivery.task = model::task_id("task");
    delivery.endpoint = "https://example.com:443";
    delivery.state = state;
    write(partition, to_record(delivery, clock.now()));
  }
  void write(std::int32_t partition, record one) {
    REQUIRE(test::run(queue->produce_to(partition, std::move(one))));
  }

  queue::limits bounds;
  system_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
};

/// `id:state` of each replayed delivery.
std::string replayed(topics_in_memory& in, std::set<std::int32_t> which) {
  std::string out;
  message_log log(*in.queue);
  auto take = [&](std::int32_t, model::webhook_delivery state) {
    out += state.id.str() + ":" + std::string(name_of(state.state)) + " ";
  };
  REQUIRE(test::run(log.replay(std::move(which), take)));
  return out;
}

}  // namespace

TEST_CASE("delivery states are replayed in order, for the given partitions") {
  topics_in_memory in;
  CHECK(replayed(in, {0, 1, 2, 3}).empty());
  in.write(1, "a", model::delivery_state::pending);
  in.write(2, "b", model::delivery_state::pending);
  in.write(1, {model::topics::webhook_deliveries, "x", "nonsense", {}});
  in.write(1, "a", model::delivery_state::delivered);
  CHECK(replayed(in, {1}) == "a:pending a:delivered ");
  CHECK(replayed(in, {2, 3}) == "b:pending ");
  CHECK(replayed(in, {0, 3}).empty());
  CHECK(replayed(in, {}).empty());
}

TEST_CASE("a message is loaded by its position, and a missing one is an error") {
  topics_in_memory in;
  for (const char* value : {"first", "second", "third"})
    in.write(2, {model::topics::webhook_requests, value, value, {}});
  in.write(0, {model::topics::webhook_requests, "other", "other", {}});
  message_log log(*in.queue);
  auto second = test::run(log.load(2, 1));
  REQUIRE(second);
  CHECK(second->what.value == "second");
  CHECK(test::run(log.load(2, 3)).error().code == make_error_code(errc::unusable));
  CHECK(test::run(log.load(3, 0)).error().code == make_error_code(errc::unusable));
  log.close();
  CHECK(!test::run(log.load(2, 1)));
}

}  // namespace sonde::webhook
