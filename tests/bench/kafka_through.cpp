// Sends the same records as kafka_loop through queue/kafka: coroutines that produce batches, and a
// member of a group.
//
// kafka_through create|produce|consume BROKERS PREFIX RECORDS
//
// The topic is PREFIX.records.v1, with four partitions. Prints one JSON object.

#include "base/async/event_loop.hpp"
#include "base/async/task_group.hpp"
#include "queue/kafka/kafka_queue.hpp"
#include "queue/kafka/kafka_topics.hpp"

#include <boost/asio/use_future.hpp>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace sonde::bench {
namespace {

constexpr std::uint32_t coroutines = 64;
constexpr std::uint32_t batch_records = 64;
constexpr std::size_t value_bytes = 512;

std::vector<queue::topic_spec> topics() {
  return {{.name = "records", .partitions = 4}};
}

struct measured {
  std::uint32_t records = 0;
  std::uint32_t failed = 0;
  double seconds = 0;
};

class producers {
 public:
  producers(queue::backend& queue, std::uint32_t records) : queue_(queue), records_(records) {}

  awaitable<void> produce() {
    while (next_ < records_) {
      std::vector<record> batch;
      batch.reserve(batch_records);
      for (std::uint32_t i = 0; i < batch_records && next_ < records_; ++i) {
        char key[16];
        std::snprintf(key, sizeof key, "%08u", next_++);
        batch.push_back({"records", key, std::string(value_bytes, 'v'), {}});
      }
      auto count = static_cast<std::uint32_t>(batch.size());
      auto written = co_await queue_.produce(std::move(batch));
      (written ? done_ : failed_) += count;
    }
  }

  [[nodiscard]] measured report() const { return {done_, failed_, 0}; }

 private:
  queue::backend& queue_;
  std::uint32_t records_;
  std::uint32_t next_ = 0;
  std::uint32_t done_ = 0;
  std::uint32_t failed_ = 0;
};

awaitable<measured> produce_all(queue::backend& queue, std::uint32_t records, logger& log) {
  auto loop = co_await asio::this_coro::executor;
  task_group group(loop, log, "producers");
  producers all(queue, records);
  auto begun = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < coroutines; ++i)
    group.spawn(all.produce());
  co_await group.join();
  auto out = all.report();
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  co_return out;
}

awaitable<measured> consume_all(queue::backend& queue, std::uint32_t records) {
  auto member = queue.join("through-" + std::to_string(getpid()), "records");
  measured out;
  std::size_t bytes = 0;
  std::chrono::steady_clock::time_point begun;
  while (out.records < records) {
    auto next = co_await member->next();
    if (!next) {
      out.failed = 1;
      break;
    }
    auto* batch = std::get_if<std::vector<queue::stored_record>>(&*next);
    if (batch == nullptr) continue;
    if (out.records == 0) begun = std::chrono::steady_clock::now();
    out.records += static_cast<std::uint32_t>(batch->size());
    for (const auto& one : *batch)
      bytes += one.what.value.size();
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  if (bytes != out.records * value_bytes) out.failed = 1;
  member->close();
  co_return out;
}

int measure(const std::string& what, const std::string& brokers, const std::string& prefix,
            std::uint32_t records) {
  system_clock time;
  logger log(log_level::warning);
  queue::limits bounds;
  queue::kafka_settings settings;
  settings.properties["bootstrap.servers"] = brokers;
  settings.prefix = prefix;
  if (what == "create") {
    auto made = queue::create_kafka_topics(settings, topics(), {1, 1}, bounds, log);
    if (!made) std::cerr << made.error().message() << "\n";
    return made ? 0 : 1;
  }
  auto queue = queue::open_kafka_queue(settings, topics(), queue::kafka_use::read_and_write, time,
                                       bounds, log);
  if (!queue) {
    std::cerr << queue.error().message() << "\n";
    return 1;
  }
  event_loop loop("bench");
  auto work =
      what == "produce" ? produce_all(**queue, records, log) : consume_all(**queue, records);
  auto done = asio::co_spawn(loop.get_executor(), std::move(work), asio::use_future);
  loop.start();
  auto out = done.get();
  loop.join();
  std::printf("{\"seconds\": %.6f, \"records\": %u, \"failed\": %u}\n", out.seconds, out.records,
              out.failed);
  (*queue)->close();
  return 0;
}

}  // namespace
}  // namespace sonde::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: kafka_through create|produce|consume BROKERS PREFIX RECORDS\n";
    return 64;
  }
  return sonde::bench::measure(argv[1], argv[2], argv[3],
                               static_cast<std::uint32_t>(std::stoul(argv[4])));
}
