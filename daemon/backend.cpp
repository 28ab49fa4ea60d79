#include "daemon/backend.hpp"

#include "base/hash.hpp"
#include "base/random.hpp"
#include "daemon/private_files.hpp"
#include "daemon/small_file.hpp"
#include "daemon/topics.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "queue/errc.hpp"
#include "queue/kafka/kafka_queue.hpp"
#include "queue/kafka/kafka_topics.hpp"
#include "queue/memory/memory_queue.hpp"

#include <array>
#include <fstream>

namespace sonde::daemon {
namespace {

constexpr std::int32_t embedded_partitions = 1;

constexpr std::string_view from_file = ".file";

/// Returns the properties for librdkafka. Reads the value of `NAME.file` from that file.
result<std::map<std::string, std::string>> kafka_properties(const configuration& config) {
  std::map<std::string, std::string> out;
  for (const auto& [property, value] : config.kafka) {
    if (!property.ends_with(from_file)) {
      out[property] = value;
      continue;
    }
    auto text = read_small_file(value);
    auto safe = text ? check_secret_file(value) : result<>(text.error());
    if (!safe) {
      return fail(queue::errc::mismatch, "kafka." + property + ": " + safe.error().message());
    }
    while (text->ends_with('\n') || text->ends_with('\r'))
      text->pop_back();
    out[property.substr(0, property.size() - from_file.size())] = std::move(*text);
  }
  return out;
}

/// Returns the name of this process in its groups. It is the same at every start on this data
/// folder.
result<std::string> instance_of(const configuration& config) {
  if (!config.queue.instance.empty()) return config.queue.instance;
  std::error_code failed;
  if (std::filesystem::create_directories(config.data_dir, failed)) {
    std::filesystem::permissions(config.data_dir, std::filesystem::perms::owner_all, failed);
  }
  auto path = config.data_dir / "instance";
  std::string name;
  std::ifstream(path) >> name;
  if (!name.empty()) return name;
  std::array<std::byte, 8> bytes{};
  kernel_random(bytes);
  name = "sonde-" + to_hex(bytes);
  std::ofstream file(path);
  file << name << "\n" << std::flush;
  if (file) return name;
  return fail(queue::errc::read_only,
              "cannot write to the data folder " + config.data_dir.string());
}

result<queue::kafka_settings> kafka_settings_of(const configuration& config) {
  queue::kafka_settings out;
  auto properties = kafka_properties(config);
  if (!properties) return properties.error();
  out.properties = std::move(*properties);
  out.prefix = config.queue.prefix;
  if (out.properties.contains("bootstrap.servers")) return out;
  return fail(queue::errc::mismatch,
              "queue.backend is kafka, but kafka.bootstrap.servers is missing");
}

result<std::unique_ptr<queue::backend>> open_kafka(const configuration& config, queue_use use,
                                                   const clock& clock, logger& log) {
  auto settings = kafka_settings_of(config);
  if (!settings) return settings.error();
  if (use == queue_use::serve) {
    auto instance = instance_of(config);
    if (!instance) return instance.error();
    settings->instance = std::move(*instance);
  }
  auto access =
      use == queue_use::read ? queue::kafka_use::read_only : queue::kafka_use::read_and_write;
  auto partitions = static_cast<std::int32_t>(config.queue.partitions);
  return queue::open_kafka_queue(std::move(*settings), all_topics(partitions, config.topics),
                                 access, clock, config.limits, log);
}

}  // namespace

result<std::unique_ptr<queue::backend>> open_queue(const configuration& config, queue_use use,
                                                   const clock& clock, logger& log) {
  if (config.queue.backend == "kafka") return open_kafka(config, use, clock, log);
  auto topics = all_topics(embedded_partitions, config.topics);
  if (config.queue.backend == "memory") {
    if (use != queue_use::serve) {
      return fail(queue::errc::read_only,
                  "the queue is in a daemon's memory (queue.backend), and commands cannot read it");
    }
    return queue::make_memory_queue(std::move(topics), config.queue.prefix, clock, config.limits,
                                    log);
  }
  if (use == queue_use::write) {
    if (auto found = queue::find_embedded_queue(config.data_dir); !found) return found.error();
  }
  auto open =
      use == queue_use::read ? queue::open_embedded_queue_for_reading : queue::open_embedded_queue;
  return open(config.data_dir, std::move(topics), config.queue.prefix, clock, config.limits, log);
}

result<std::vector<topic_report>> create_topics(const configuration& config, logger& log) {
  std::vector<topic_report> out;
  if (config.queue.backend != "kafka") return out;
  auto settings = kafka_settings_of(config);
  if (!settings) return settings.error();
  auto topics = all_topics(static_cast<std::int32_t>(config.queue.partitions), config.topics);
  queue::kafka_replication replication{static_cast<std::int32_t>(config.queue.replicas),
                                       static_cast<std::int32_t>(config.queue.in_sync)};
  auto made = queue::create_kafka_topics(*settings, topics, replication, config.limits, log);
  if (!made) return made.error();
  for (auto& each : *made) {
    out.push_back({std::move(each.name), std::move(each.full_name), each.created,
                   std::move(each.problems), std::move(each.advice)});
  }
  return out;
}

result<> check_kafka(const configuration& config) {
  for (const auto& [property, value] : config.kafka) {
    bool in_file = property.ends_with(from_file);
    auto name = in_file ? property.substr(0, property.size() - from_file.size()) : property;
    // The code that reads the file reports a missing one.
    auto known = in_file && queue::is_kafka_secret(name) ? result<>()
                                                         : queue::check_kafka_property(name, value);
    if (known) continue;
    auto origin = config.origins.find("kafka." + property);
    auto where = origin == config.origins.end() ? std::string() : origin->second + ": ";
    return fail(queue::errc::mismatch, where + known.error().message());
  }
  return {};
}

bool is_kafka_secret(const std::string& property) {
  return queue::is_kafka_secret(property);
}

}  // namespace sonde::daemon
