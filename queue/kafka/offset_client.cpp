#include "queue/kafka/offset_client.hpp"

#include "queue/errc.hpp"
#include "queue/kafka/translate.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sonde::queue::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The pause before a retry while a partition changes its leader.
constexpr milliseconds leader_pause{100};
/// A request to a leader that has died waits there until its timeout, even when a new leader
/// exists. Each try therefore gets a fraction of the remaining time, but at least `shortest_try`.
constexpr int tries_of_the_rest = 4;
constexpr milliseconds shortest_try{500};

bool passes(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT: return true;
    default: return false;
  }
}

rd_kafka_resp_err_t worst_of(const rd_kafka_topic_partition_list_t& list) {
  for (int i = 0; i < list.cnt; ++i) {
    if (list.elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return list.elems[i].err;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

offset_client::offset_client(std::shared_ptr<client> client, executor blocking_loop,
                             std::shared_ptr<const topic_names> names, const limits& limits,
                             broker_health& broker_health)
    : client_(std::move(client)),
      handle_(client_->handle()),
      loop_(std::move(blocking_loop)),
      names_(std::move(names)),
      limits_(limits),
      broker_health_(broker_health) {
  for (const auto& spec : names_->topics()) {
    auto full = names_->full_name(spec.name);
    topics_.emplace_back(rd_kafka_topic_new(handle_, full.c_str(), nullptr));
  }
}

awaitable<result<offset_client::places>> offset_client::edges(std::vector<std::string> topics,
                                                              edge which) {
  for (const auto& topic : topics) {
    auto known = names_->find(topic);
    if (!known) co_return known.error();
  }
  auto asked = std::make_shared<question>();
  asked->topics = std::move(topics);
  auto start = [self = shared_from_this(), asked, which](auto waiting) {
    asked->waiting = std::move(waiting);
    asio::post(self->loop_, [self, asked, which] {
      auto& others = self->line(which);
      others.push_back(std::move(*asked));
      if (others.size() > 1) return;
      // Runs after the requests that are posted until then, so that one query serves them all.
      asio::post(self->loop_, [self, which] { self->answer_all(which); });
    });
  };
  std::function<void(std::unique_ptr<resumption<result<places>>>)> begin = std::move(start);
  co_return co_await suspend<result<places>>(std::move(begin));
}

void offset_client::answer_all(edge which) {
  auto asked = std::move(line(which));
  line(which).clear();
  std::set<std::string> all;
  for (const auto& each : asked)
    all.insert(each.topics.begin(), each.topics.end());
  auto found = ask({all.begin(), all.end()}, which);
  for (auto& each : asked) {
    if (!found) {
      each.waiting->resume(found.error());
      continue;
    }
    places its;
    for (const auto& place : *found) {
      if (std::ranges::find(each.topics, place.topic) != each.topics.end()) its.push_back(place);
    }
    each.waiting->resume(std::move(its));
  }
}

result<offset_client::places> offset_client::ask(const std::vector<std::string>& topics,
                                                 edge which) {
  places wanted;
  for (const auto& topic : topics) {
    for (std::int32_t p = 0; p < names_->find(topic).value()->partitions; ++p)
      wanted.push_back({topic, p, static_cast<std::int64_t>(which)});
  }
  if (wanted.empty()) return wanted;
  auto deadline = steady_clock::now() + milliseconds(limits_.broker_answer_timeout_ms);
  asio::steady_timer pause(loop_);
  while (true) {
    auto list = to_list(wanted, *names_);
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    auto one_try = std::min(left, std::max(left / tries_of_the_rest, shortest_try));
    auto code = rd_kafka_offsets_for_times(handle_, list.get(),
                                           std::max(1, static_cast<int>(one_try.count())));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = worst_of(*list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      broker_health_.note_success();
      for (std::size_t i = 0; i < wanted.size(); ++i)
        wanted[i].offset = list->elems[i].offset;
      return wanted;
    }
    if (!passes(code) || steady_clock::now() + leader_pause >= deadline) {
      auto what = to_error(code, "the brokers do not report the end of topics");
      if (what.code == make_error_code(errc::unavailable)) broker_health_.note_error(what);
      return broker_health_.explained(std::move(what));
    }
    pause.expires_after(leader_pause);
    pause.wait();
  }
}

result<offset_client::places> offset_client::committed(const std::string& group, places otherwise) {
  auto timeout = static_cast<int>(limits_.broker_answer_timeout_ms);
  auto full = names_->full_group(group);
  auto list = to_list(otherwise, *names_);
  offsets_question_ptr asked(rd_kafka_ListConsumerGroupOffsets_new(full.c_str(), list.get()));
  options_ptr options(
      rd_kafka_AdminOptions_new(handle_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout, nullptr, 0);
  queue_ptr answers(rd_kafka_queue_new(handle_));
  auto* one = asked.get();
  rd_kafka_ListConsumerGroupOffsets(handle_, &one, 1, options.get(), answers.get());
  event_ptr answer(rd_kafka_queue_poll(answers.get(), timeout + 1000));
  auto doing = "what group " + full + " has committed is not known";
  if (!answer) return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  auto code = rd_kafka_event_error(answer.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, doing);
  const auto* told = rd_kafka_event_ListConsumerGroupOffsets_result(answer.get());
  std::size_t count = 0;
  const auto** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(told, &count);
  if (count != 1) return to_error(RD_KAFKA_RESP_ERR_UNKNOWN, doing);
  const auto* failed = rd_kafka_group_result_error(groups[0]);
  if (failed != nullptr) return to_error(rd_kafka_error_code(failed), doing);
  const auto* found = rd_kafka_group_result_partitions(groups[0]);
  std::map<std::int32_t, std::int64_t> next;
  for (int i = 0; i < found->cnt; ++i)
    next[found->elems[i].partition] = found->elems[i].offset;
  for (auto& place : otherwise) {
    auto its = next.find(place.partition);
    if (its != next.end() && its->second >= 0) place.offset = its->second;
  }
  return otherwise;
}

void offset_client::look_after_errors(rd_kafka_t* producing) {
  const rd_kafka_metadata_t* answer = nullptr;
  if (producing != nullptr) {
    rd_kafka_metadata(producing, 0, nullptr, &answer,
                      static_cast<int>(limits_.broker_answer_timeout_ms));
    metadata_ptr ignored(answer);
    answer = nullptr;
  }
  auto code = rd_kafka_metadata(handle_, 0, nullptr, &answer,
                                static_cast<int>(limits_.broker_answer_timeout_ms));
  metadata_ptr found(answer);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  for (int i = 0; i < found->topic_cnt; ++i) {
    const auto& topic = found->topics[i];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    for (int p = 0; p < topic.partition_cnt; ++p) {
      const auto& each = topic.partitions[p];
      if (each.leader < 0 || each.err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) return;
      // The required in-sync replicas of each topic are unknown here; two of three is the usual
      // number.
      if (each.replica_cnt > 1 && each.isr_cnt < each.replica_cnt - 1) return;
    }
  }
  broker_health_.note_checked(steady_clock::now());
}

}  // namespace sonde::queue::kafka
