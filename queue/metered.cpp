#include "queue/metered.hpp"

#include "queue/forwarding_backend.hpp"
#include "queue/record_size.hpp"

#include <algorithm>
#include <chrono>
#include <map>

namespace sonde::queue {
namespace {

constexpr std::string_view dead_letters = ".dlq";

/// Records and bytes of each topic.
using sums_by_topic = std::map<std::string, std::pair<std::size_t, std::size_t>>;

struct topic_counts {
  counter records;
  counter bytes;
  counter failures;
};

class metered_consumer final : public consumer {
 public:
  metered_consumer(std::unique_ptr<consumer> inner, counter records, counter rebalances)
      : inner_(std::move(inner)), records_(records), rebalances_(rebalances) {}

  awaitable<result<delivery>> next() override {
    auto got = co_await inner_->next();
    if (!got) co_return got;
    if (auto* batch = std::get_if<std::vector<stored_record>>(&*got)) {
      records_.add(static_cast<double>(batch->size()));
    } else if (std::holds_alternative<assigned>(*got)) {
      rebalances_.add();
    }
    co_return got;
  }

  awaitable<result<>> commit(std::vector<position> next) override {
    return inner_->commit(std::move(next));
  }

  void close() override { inner_->close(); }

 private:
  std::unique_ptr<consumer> inner_;
  counter records_;
  counter rebalances_;
};

class metered final : public forwarding_backend {
 public:
  metered(std::unique_ptr<backend> queue, metrics& counts)
      : forwarding_backend(std::move(queue)),
        counts_(counts),
        seconds_(counts.time("sonde_queue_produce_seconds",
                             "Time until records were durable or refused.")) {
    for (const auto& spec : inner().topics()) {
      const auto& name = spec.name;
      metrics::labels topic{{"topic", inner().full_name(name)}};
      topics_.emplace(
          name,
          topic_counts{counts.count("sonde_queue_produced_records_total",
                                    "Records that are durable.", topic),
                       counts.count("sonde_queue_produced_bytes_total",
                                    "Bytes of durable records: key, value and headers.", topic),
                       counts.count("sonde_queue_produce_failures_total",
                                    "Failed attempts to make a record durable.", topic)});
      if (!name.ends_with(dead_letters)) continue;
      metrics::labels of{
          {"topic", inner().full_name(name.substr(0, name.size() - dead_letters.size()))}};
      dead_.emplace(name, counts.count("sonde_queue_dead_letters_total",
                                       "Records of this topic that became dead letters.", of));
    }
  }

  awaitable<result<std::vector<position>>> produce(std::vector<record> batch) override {
    sums_by_topic sums;
    for (const auto& one : batch) {
      auto& [records, bytes] = sums[one.topic];
      ++records;
      bytes += size_of(one);
    }
    auto begun = std::chrono::steady_clock::now();
    auto places = co_await inner().produce(std::move(batch));
    note(sums, begun, static_cast<bool>(places));
    co_return places;
  }

  awaitable<result<position>> produce_to(std::int32_t partition, record one) override {
    sums_by_topic sums;
    sums.emplace(one.topic, std::pair(std::size_t{1}, size_of(one)));
    auto begun = std::chrono::steady_clock::now();
    auto place = co_await inner().produce_to(partition, std::move(one));
    note(sums, begun, static_cast<bool>(place));
    co_return place;
  }

  std::unique_ptr<reader> read_from(std::vector<std::string> topics,
                                    std::vector<position> from) override {
    return inner().read_from(std::move(topics), std::move(from));
  }

  std::unique_ptr<consumer> join(std::string group, std::string topic) override {
    metrics::labels labels{{"consumergroup", inner().full_group(group)},
                           {"topic", inner().full_name(topic)}};
    auto records = counts_.count("sonde_queue_consumed_records_total",
                                 "Records that a group received.", labels);
    auto rebalances = counts_.count("sonde_queue_rebalances_total",
                                    "Times that partitions were assigned.", labels);
    return std::make_unique<metered_consumer>(inner().join(std::move(group), std::move(topic)),
                                              records, rebalances);
  }

 private:
  void note(const sums_by_topic& sums, std::chrono::steady_clock::time_point begun, bool durable) {
    std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    seconds_.observe(taken.count());
    for (const auto& [topic, sum] : sums) {
      auto its = topics_.find(topic);
      if (its == topics_.end()) continue;  // unknown topic; the caller gets an error
      auto records = static_cast<double>(sum.first);
      if (!durable) {
        its->second.failures.add(records);
        continue;
      }
      its->second.records.add(records);
      its->second.bytes.add(static_cast<double>(sum.second));
      if (auto dead = dead_.find(topic); dead != dead_.end()) dead->second.add(records);
    }
  }

  metrics& counts_;
  timing seconds_;
  std::map<std::string, topic_counts> topics_;
  std::map<std::string, counter> dead_;
};

}  // namespace

std::unique_ptr<backend> make_metered(std::unique_ptr<backend> queue, metrics& counts) {
  return std::make_unique<metered>(std::move(queue), counts);
}

awaitable<result<>> show_lag(backend& queue, std::string group, std::string topic,
                             metrics& counts) {
  std::vector<std::string> topics{topic};
  auto reached = co_await queue.committed(group, topic);
  if (!reached) co_return reached.error();
  auto ends = co_await queue.ends(topics);
  if (!ends) co_return ends.error();
  std::map<std::int32_t, std::int64_t> next;
  for (const auto& place : *reached)
    next[place.partition] = place.offset;
  auto full = queue.full_name(topic);
  for (const auto& end : *ends) {
    auto behind = std::max<std::int64_t>(0, end.offset - next[end.partition]);
    metrics::labels labels{{"consumergroup", queue.full_group(group)},
                           {"topic", full},
                           {"partition", std::to_string(end.partition)}};
    auto shown = counts.show("kafka_consumergroup_lag",
                             "Records that the group has not processed yet.", labels);
    shown.set(static_cast<double>(behind));
  }
  co_return result<>();
}

void show_sizes(const backend& queue, metrics& counts) {
  for (const auto& size : queue.sizes()) {
    metrics::labels labels{{"topic", queue.full_name(size.topic)}};
    auto shown = counts.show("sonde_queue_topic_bytes",
                             "Size of the topic's records: keys, values and headers.", labels);
    shown.set(static_cast<double>(size.bytes));
  }
}

}  // namespace sonde::queue
