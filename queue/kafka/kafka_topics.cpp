#include "queue/kafka/kafka_topics.hpp"

#include "queue/errc.hpp"
#include "queue/kafka/client_conf.hpp"
#include "queue/kafka/topic_admin.hpp"
#include "queue/kafka/translate.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace sonde::queue {
namespace {

using namespace kafka;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::int32_t usual_replicas = 3;
/// The interval of checks for a new topic: every broker learns about it a moment later.
constexpr milliseconds look_pause{100};

kafka_replication choose(kafka_replication asked, std::int32_t brokers) {
  if (asked.replicas == 0) asked.replicas = std::clamp(brokers, 1, usual_replicas);
  if (asked.in_sync == 0) asked.in_sync = std::max(1, asked.replicas - 1);
  return asked;
}

result<new_topic_ptr> describe(const topic_spec& spec, const topic_names& names,
                               kafka_replication replication, const limits& limits) {
  std::array<char, 512> why{};
  auto full = names.full_name(spec.name);
  new_topic_ptr out(rd_kafka_NewTopic_new(full.c_str(), spec.partitions, replication.replicas,
                                          why.data(), why.size()));
  if (!out) return fail(errc::mismatch, "topic " + full + ": " + why.data());
  auto settings = wanted_settings(spec, limits);
  settings["min.insync.replicas"] = std::to_string(replication.in_sync);
  for (const auto& [name, value] : settings)
    rd_kafka_NewTopic_set_config(out.get(), name.c_str(), value.c_str());
  return out;
}

/// Returns the names of the topics that this call created.
result<std::set<std::string>> read_answer(rd_kafka_event_t& answer) {
  std::set<std::string> made;
  std::size_t count = 0;
  const auto* told = rd_kafka_event_CreateTopics_result(&answer);
  const auto* const* topics = rd_kafka_CreateTopics_result_topics(told, &count);
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = rd_kafka_topic_result_name(topics[i]);
    auto code = rd_kafka_topic_result_error(topics[i]);
    if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;  // another process was faster
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* reason = rd_kafka_topic_result_error_string(topics[i]);
      return to_error(code, "topic " + name + " cannot be made", reason == nullptr ? "" : reason);
    }
    made.insert(name);
  }
  return made;
}

result<std::set<std::string>> create(connection& ask, const std::vector<topic_spec>& missing,
                                     const topic_names& names, kafka_replication replication,
                                     const limits& limits) {
  std::vector<new_topic_ptr> owned;
  std::vector<rd_kafka_NewTopic_t*> topics;
  for (const auto& spec : missing) {
    auto described = describe(spec, names, replication, limits);
    if (!described) return described.error();
    owned.push_back(std::move(*described));
    topics.push_back(owned.back().get());
  }
  queue_ptr queue(rd_kafka_queue_new(ask.handle));
  options_ptr options(rd_kafka_AdminOptions_new(ask.handle, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  auto timeout = static_cast<int>(limits.broker_answer_timeout_ms);
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout, nullptr, 0);
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), timeout, nullptr, 0);
  rd_kafka_CreateTopics(ask.handle, topics.data(), topics.size(), options.get(), queue.get());
  event_ptr answer(rd_kafka_queue_poll(queue.get(), timeout + 1000));
  auto code = answer ? rd_kafka_event_error(answer.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "topics cannot be created", last_reason(ask));
  }
  return read_answer(*answer);
}

/// Waits until the brokers know every topic. Returns the last state of the cluster, also on
/// timeout.
result<cluster_state> wait_until_known(connection& ask, const topic_names& names,
                                       const limits& limits) {
  auto deadline = steady_clock::now() + milliseconds(limits.broker_answer_timeout_ms);
  queue_ptr nothing(rd_kafka_queue_new(ask.handle));
  while (true) {
    auto state = look_at_topics(ask, names, limits);
    if (!state || steady_clock::now() >= deadline) return state;
    bool all = std::ranges::all_of(
        names.topics(), [&](const topic_spec& spec) { return state->topics[spec.name].exists; });
    if (all) return state;
    event_ptr(rd_kafka_queue_poll(nothing.get(), static_cast<int>(look_pause.count())));
  }
}

}  // namespace

result<std::vector<kafka_topic_report>> create_kafka_topics(const kafka_settings& settings,
                                                            const std::vector<topic_spec>& topics,
                                                            kafka_replication replication,
                                                            const limits& limits, logger& log) {
  auto conf = make_conf(client_kind::offset_client, settings, limits);
  if (!conf) return conf.error();
  auto ask = connect(RD_KAFKA_CONSUMER, std::move(*conf));
  if (!ask) return ask.error();
  topic_names names(topics, settings.prefix);
  auto state = look_at_topics(**ask, names, limits);
  if (!state) return state.error();
  std::vector<topic_spec> missing;
  for (const auto& spec : topics) {
    if (!state->topics[spec.name].exists) missing.push_back(spec);
  }
  std::set<std::string> made;
  if (!missing.empty()) {
    auto chosen = choose(replication, state->brokers);
    auto created = create(**ask, missing, names, chosen, limits);
    if (!created) return created.error();
    made = std::move(*created);
  }
  state = wait_until_known(**ask, names, limits);
  if (!state) return state.error();
  std::vector<kafka_topic_report> out;
  for (const auto& spec : topics) {
    out.push_back(check_topic(spec, state->topics[spec.name], names, limits));
    out.back().created = made.contains(out.back().full_name);
    if (out.back().created) log.info("topic created", {{"topic", out.back().full_name}});
  }
  return out;
}

}  // namespace sonde::queue
