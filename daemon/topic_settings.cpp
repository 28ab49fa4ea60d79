#include "daemon/topic_settings.hpp"

#include "model/errc.hpp"
#include "model/events.hpp"
#include "webhook/retry_plan.hpp"

#include <fmt/core.h>

#include <functional>
#include <limits>
#include <numeric>

namespace sonde::daemon {
namespace {

using std::chrono::seconds;

constexpr std::int64_t most_retention_bytes = std::numeric_limits<std::int64_t>::max();

/// Returns a setting that holds a duration of one topic.
setting duration_of(const std::string& topic, const std::string& name, std::string description,
                    std::function<void(topic_retention&, seconds)> put,
                    std::function<seconds(const topic_retention&)> take) {
  setting out;
  out.key = "topics." + topic + "." + name;
  out.description = std::move(description);
  out.set = [topic, put = std::move(put)](configuration& config,
                                          const setting_value& value) -> result<> {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return fail(model::errc::invalid_field, "is not a string, as in \"90d\"");
    auto time = parse_duration(*text);
    if (!time) return time.error();
    put(config.topics[topic], *time);
    return {};
  };
  out.get = [topic, take = std::move(take)](const configuration& config) {
    return setting_value(duration_text(take(config.topics.at(topic))));
  };
  return out;
}

setting retention_of(const std::string& topic) {
  return duration_of(
      topic, "retention", "how long records of " + topic + " are kept, as in 90d; 0: no expiry",
      [](topic_retention& its, seconds time) { its.time = time; },
      [](const topic_retention& its) { return its.time; });
}

setting retention_bytes_of(const std::string& topic) {
  setting out;
  out.type = setting::kind::number;
  out.key = "topics." + topic + ".retention_bytes";
  out.description =
      "bytes of " + topic + ", above which the oldest records are deleted; 0: no bound";
  out.set = [topic](configuration& config, const setting_value& value) -> result<> {
    const auto* given = std::get_if<std::int64_t>(&value);
    if (given == nullptr || *given < 0) {
      return fail(model::errc::invalid_field,
                  "is not a number of bytes from 0 to " + std::to_string(most_retention_bytes));
    }
    config.topics[topic].bytes = static_cast<std::uint64_t>(*given);
    return {};
  };
  out.get = [topic](const configuration& config) {
    return setting_value(static_cast<std::int64_t>(config.topics.at(topic).bytes));
  };
  return out;
}

setting repeats_of(const std::string& topic) {
  return duration_of(
      topic, "repeats",
      "how long a record of " + topic +
          " is kept that adds nothing to an earlier and a later one; 0: no bound",
      [](topic_retention& its, seconds time) { its.repeats = time; },
      [](const topic_retention& its) { return its.repeats.value_or(seconds(0)); });
}

result<> check_repeats(const configuration& config) {
  if (config.queue.backend != "kafka") return {};
  for (const auto& [topic, kept] : default_retention()) {
    if (config.topics.at(topic).repeats == kept.repeats) continue;
    return fail(model::errc::invalid_field,
                "topics." + topic +
                    ".repeats: Apache Kafka cannot remove repeats; leave this out, and bound the "
                    "topic with retention or retention_bytes");
  }
  return {};
}

}  // namespace

std::vector<setting> topic_settings() {
  std::vector<setting> out;
  for (const auto& [topic, kept] : default_retention()) {
    out.push_back(retention_of(topic));
    // A limit on bytes must not remove records that a group still has to read.
    if (!kept.until_committed) out.push_back(retention_bytes_of(topic));
    if (kept.repeats) out.push_back(repeats_of(topic));
  }
  return out;
}

result<> check_retention(const configuration& config) {
  if (auto repeats = check_repeats(config); !repeats) return repeats;
  auto kept = config.topics.at(model::topics::webhook_requests).time;
  auto pauses = webhook::parse_pauses(config.webhook.retry_s);
  if (!pauses) return pauses.error();
  auto tried = std::accumulate(pauses->begin(), pauses->end(), seconds(0));
  if (kept.count() == 0 || kept >= tried) return {};
  return fail(
      model::errc::invalid_field,
      fmt::format(
          "topics.webhook.requests.retention: {} is shorter than the retry period of a message, {} "
          "seconds (webhook.retry_s); keep messages longer, or retry them for less time",
          duration_text(kept), tried.count()));
}

}  // namespace sonde::daemon
