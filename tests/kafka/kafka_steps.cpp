#include "tests/kafka/kafka_steps.hpp"

#include "queue/kafka/kafka_topics.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace sonde::test {

kafka_topics::kafka_topics() : prefix_(unique_prefix()) {
  properties = {{"bootstrap.servers", kafka_brokers().value()},
                {"heartbeat.interval.ms", "300"},
                {"session.timeout.ms", "6000"}};
  queue::topic_spec log_topic{.name = "log", .partitions = 3};
  queue::topic_spec state{.name = "state", .partitions = 3, .policy = queue::cleanup::compact};
  queue::topic_spec work{.name = "work",
                         .partitions = 1,
                         .retention = std::chrono::milliseconds(1),
                         .keep_uncommitted = true};
  topics_ = {log_topic, state, work};
}

std::unique_ptr<queue::backend> kafka_topics::open(const std::string& instance) {
  queue::kafka_settings settings;
  settings.properties = properties;
  settings.prefix = prefix_;
  settings.instance = instance;
  settings.trim_every = std::chrono::milliseconds(300);
  if (!made_) queue::create_kafka_topics(settings, topics_, {}, bounds, log).value();
  made_ = true;
  return queue::open_kafka_queue(settings, topics_, queue::kafka_use::read_and_write, clock_,
                                 bounds, log)
      .value();
}

std::string broker_folder() {
  const char* folder = std::getenv("TEST_BROKER_DIR");
  REQUIRE(folder != nullptr);
  return folder;
}

record make_record(std::string key, std::string value) {
  return {"log", std::move(key), std::move(value), {}};
}

awaitable<void> wait_for(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);  // pause: for brokers
  co_await timer.async_wait(asio::use_awaitable);
}

awaitable<std::vector<queue::stored_record>> read(queue::reader& reader, std::size_t count) {
  std::vector<queue::stored_record> out;
  while (out.size() < count) {
    auto batch = co_await reader.read();
    REQUIRE(batch);
    std::ranges::move(*batch, std::back_inserter(out));
  }
  co_return out;
}

awaitable<std::vector<queue::partition_ref>> wait_for_assignment(queue::consumer& member) {
  while (true) {
    auto next = co_await member.next();
    REQUIRE(next);
    if (auto* now = std::get_if<queue::assigned>(&*next)) co_return now->partitions;
  }
}

}  // namespace sonde::test
