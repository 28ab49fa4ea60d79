#include "queue/kafka/topic_admin.hpp"

#include "queue/errc.hpp"
#include "queue/kafka/client_conf.hpp"
#include "queue/kafka/translate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde::queue::kafka {
namespace {

using std::chrono::milliseconds;

constexpr const char* for_ever = "-1";
constexpr milliseconds longest_segment = std::chrono::hours(24);
constexpr std::int64_t largest_segment = 128 << 20;
constexpr std::int64_t smallest_segment = 1 << 20;
/// The number of segments per partition if its bytes are limited: Kafka deletes whole segments
/// only.
constexpr std::int64_t segments_of_retention = 4;

int timeout_of(const limits& limits) {
  return static_cast<int>(limits.broker_answer_timeout_ms);
}

/// Returns the bootstrap servers of this client.
std::string servers_of(connection& ask) {
  std::array<char, 512> text{};
  std::size_t size = text.size();
  auto known =
      rd_kafka_conf_get(rd_kafka_conf(ask.handle), "bootstrap.servers", text.data(), &size);
  return known == RD_KAFKA_CONF_OK ? text.data() : "";
}

error no_answer(connection& ask, rd_kafka_resp_err_t code, const std::string& doing) {
  auto out = to_error(code, doing);
  auto why = last_reason(ask);
  // librdkafka gives no reason when a broker closes a connection right after the first request.
  if (why.find("/bootstrap") == std::string::npos) {
    why = servers_of(ask) + (why.empty() ? "" : ": ") + why +
          "; does security.protocol fit their listeners?";
  }
  out.detail += " (" + why + ")";
  return out;
}

result<metadata_ptr> ask_metadata(connection& ask, const topic_names& names, const limits& limits) {
  // librdkafka requests metadata only for topics that the client knows, so they are registered
  // first.
  std::vector<topic_ptr> known;
  for (const auto& spec : names.topics()) {
    auto full = names.full_name(spec.name);
    known.emplace_back(rd_kafka_topic_new(ask.handle, full.c_str(), nullptr));
  }
  const rd_kafka_metadata_t* found = nullptr;
  auto code = rd_kafka_metadata(ask.handle, 0, nullptr, &found, timeout_of(limits));
  metadata_ptr out(found);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return no_answer(ask, code, "no Kafka broker answers");
  return out;
}

result<> read_metadata(const rd_kafka_metadata_t& found, const topic_names& names,
                       cluster_state& state) {
  state.brokers = found.broker_cnt;
  for (int i = 0; i < found.topic_cnt; ++i) {
    const auto& topic = found.topics[i];
    const auto& name = names.short_name(topic.topic);
    if (name.empty()) continue;
    if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) continue;
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return to_error(topic.err, std::string("topic ") + topic.topic);
    }
    auto& its = state.topics[name];
    its.exists = true;
    its.partitions = topic.partition_cnt;
    its.replicas = topic.partition_cnt == 0 ? 0 : topic.partitions[0].replica_cnt;
    for (int p = 1; p < topic.partition_cnt; ++p)
      its.replicas = std::min(its.replicas, topic.partitions[p].replica_cnt);
  }
  return {};
}

/// Returns the brokers' response to an administrative request, or the error.
result<event_ptr> answer_to(connection& ask, rd_kafka_queue_t& queue, const limits& limits,
                            const std::string& doing) {
  event_ptr answer(rd_kafka_queue_poll(&queue, timeout_of(limits) + 1000));
  if (!answer) return no_answer(ask, RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  auto code = rd_kafka_event_error(answer.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return answer;
  const char* reason = rd_kafka_event_error_string(answer.get());
  return to_error(code, doing, reason == nullptr ? "" : reason);
}

options_ptr options_for(connection& ask, rd_kafka_admin_op_t what, const limits& limits) {
  options_ptr out(rd_kafka_AdminOptions_new(ask.handle, what));
  rd_kafka_AdminOptions_set_request_timeout(out.get(), timeout_of(limits), nullptr, 0);
  return out;
}

result<> read_settings(connection& ask, const topic_names& names, const limits& limits,
                       cluster_state& state) {
  std::vector<resource_ptr> owned;
  std::vector<rd_kafka_ConfigResource_t*> asked;
  for (const auto& [name, its] : state.topics) {
    auto full = names.full_name(name);
    owned.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, full.c_str()));
    asked.push_back(owned.back().get());
  }
  if (asked.empty()) return {};
  queue_ptr queue(rd_kafka_queue_new(ask.handle));
  auto options = options_for(ask, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, limits);
  rd_kafka_DescribeConfigs(ask.handle, asked.data(), asked.size(), options.get(), queue.get());
  const std::string doing = "the topics' settings cannot be read";
  auto answer = answer_to(ask, *queue, limits, doing);
  if (!answer) return answer.error();
  const auto* told = rd_kafka_event_DescribeConfigs_result(answer->get());
  std::size_t count = 0;
  const auto* const* resources = rd_kafka_DescribeConfigs_result_resources(told, &count);
  for (std::size_t i = 0; i < count; ++i) {
    auto failed = rd_kafka_ConfigResource_error(resources[i]);
    std::string full = rd_kafka_ConfigResource_name(resources[i]);
    if (failed == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      // The topic was just created, and this broker does not know it yet.
      state.topics[names.short_name(full)].exists = false;
      continue;
    }
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(failed, doing + ", of " + full);
    std::size_t entries = 0;
    const auto* const* each = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t e = 0; e < entries; ++e) {
      const char* value = rd_kafka_ConfigEntry_value(each[e]);
      state.topics[names.short_name(full)].settings[rd_kafka_ConfigEntry_name(each[e])] =
          value == nullptr ? "" : value;
    }
  }
  return {};
}

std::int64_t number(const std::string& text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string value_of(const topic_state& found, const std::string& name) {
  auto its = found.settings.find(name);
  return its == found.settings.end() ? std::string() : its->second;
}

/// Returns the byte limit of one partition, because Kafka counts bytes by partition. Zero: no
/// limit.
std::int64_t bytes_of_a_partition(const topic_spec& spec) {
  if (spec.retention_bytes == 0 || spec.keep_uncommitted) return 0;
  auto partitions = static_cast<std::uint64_t>(std::max(spec.partitions, 1));
  return static_cast<std::int64_t>(std::max<std::uint64_t>(spec.retention_bytes / partitions, 1));
}

std::string differs(const std::string& name, const std::string& is, const std::string& should) {
  return name + " is " + (is.empty() ? "not set" : is) + " and should be " + should;
}

}  // namespace

std::string last_reason(connection& ask) {
  std::string out;
  while (ask.replies) {
    event_ptr event(rd_kafka_queue_poll(ask.replies.get(), 0));
    if (!event) break;
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
    // A broker's own reason is more specific than "all brokers down".
    bool sum = rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (!sum || out.empty()) out = reason_of(*event);
  }
  return out;
}

result<cluster_state> look_at_topics(connection& ask, const topic_names& names,
                                     const limits& limits) {
  cluster_state out;
  auto found = ask_metadata(ask, names, limits);
  if (!found) return found.error();
  if (auto read = read_metadata(**found, names, out); !read) return read.error();
  if (char* id = rd_kafka_clusterid(ask.handle, timeout_of(limits))) {
    out.id = id;
    rd_kafka_mem_free(ask.handle, id);
  }
  if (auto read = read_settings(ask, names, limits, out); !read) return read.error();
  return out;
}

std::map<std::string, std::string> wanted_settings(const topic_spec& spec, const limits& limits) {
  std::map<std::string, std::string> out;
  out["max.message.bytes"] = std::to_string(limits.record_max_bytes + record_overhead_bytes);
  // Prevents an out-of-date replica from becoming leader, which would lose acknowledged records.
  out["unclean.leader.election.enable"] = "false";
  if (spec.policy == cleanup::compact) {
    out["cleanup.policy"] = "compact";
    out["min.compaction.lag.ms"] = std::to_string(spec.compaction_lag.count());
    // Kafka does not compact the newest segment, which by default spans a week or a gigabyte.
    out["segment.ms"] = std::to_string(longest_segment.count());
    out["segment.bytes"] = std::to_string(largest_segment);
    return out;
  }
  out["cleanup.policy"] = "delete";
  // Kafka's retention does not check whether a group has committed a record.
  bool finite = spec.retention.count() > 0 && !spec.keep_uncommitted;
  out["retention.ms"] = finite ? std::to_string(spec.retention.count()) : for_ever;
  auto bytes = bytes_of_a_partition(spec);
  out["retention.bytes"] = bytes > 0 ? std::to_string(bytes) : for_ever;
  if (bytes > 0) {
    out["segment.bytes"] = std::to_string(
        std::clamp(bytes / segments_of_retention, smallest_segment, largest_segment));
  }
  if (finite) out["segment.ms"] = std::to_string(std::min(spec.retention, longest_segment).count());
  return out;
}

kafka_topic_report check_topic(const topic_spec& spec, const topic_state& found,
                               const topic_names& names, const limits& limits) {
  kafka_topic_report out;
  out.name = spec.name;
  out.full_name = names.full_name(spec.name);
  out.exists = found.exists;
  if (!found.exists) {
    out.problems.emplace_back("is missing");
    return out;
  }
  if (found.partitions != spec.partitions) {
    out.problems.push_back(
        fmt::format("has {} partitions and should have {}", found.partitions, spec.partitions));
  }
  auto wanted = wanted_settings(spec, limits);
  auto policy = value_of(found, "cleanup.policy");
  if (policy != wanted["cleanup.policy"]) {
    out.problems.push_back(differs("cleanup.policy", policy, wanted["cleanup.policy"]));
  }
  auto largest = value_of(found, "max.message.bytes");
  if (number(largest) < number(wanted["max.message.bytes"])) {
    out.problems.push_back(
        differs("max.message.bytes", largest, "at least " + wanted["max.message.bytes"]));
  }
  for (const char* name : {"retention.ms", "retention.bytes"}) {
    if (spec.policy == cleanup::compact || policy != "delete") continue;
    auto is = value_of(found, name);
    if (is == wanted[name]) continue;
    auto& list = spec.keep_uncommitted ? out.problems : out.advice;
    list.push_back(differs(name, is, wanted[name]));
  }
  if (value_of(found, "unclean.leader.election.enable") == "true") {
    out.advice.push_back(differs("unclean.leader.election.enable", "true", "false"));
  }
  if (found.replicas > 1 && number(value_of(found, "min.insync.replicas")) < 2) {
    out.advice.push_back(
        differs("min.insync.replicas", value_of(found, "min.insync.replicas"), "at least 2"));
  }
  return out;
}

result<> refuse_what_is_wrong(const std::vector<kafka_topic_report>& reports) {
  std::string all;
  bool only_missing = true;
  for (const auto& report : reports) {
    for (const auto& problem : report.problems)
      all += (all.empty() ? "" : "; ") + report.full_name + " " + problem;
    only_missing = only_missing && (report.problems.empty() || !report.exists);
  }
  if (all.empty()) return {};
  if (only_missing) {
    return fail(errc::unknown_topic, "topics: " + all + "; `sonde topic create` creates them");
  }
  return fail(errc::mismatch, "topics: " + all);
}

}  // namespace sonde::queue::kafka
