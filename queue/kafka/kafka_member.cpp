#include "base/async/run_on.hpp"
#include "queue/errc.hpp"
#include "queue/kafka/kafka_reader.hpp"
#include "queue/kafka/translate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace sonde::queue::kafka {
namespace {

using std::chrono::milliseconds;

/// The pause between two attempts to read the group's committed offsets.
constexpr milliseconds committed_pause{500};
/// The pause before a failed client is replaced: the next one may fail at once for the same reason.
constexpr milliseconds member_pause{1000};

/// The state of a group member. Lives on the loop.
///
/// Only `next` polls. Records that are not requested therefore stay in librdkafka up to a limit,
/// and a rebalance waits until the caller returns, when it has processed its records. A caller that
/// does not return for `max.poll.interval.ms` loses its membership.
struct member_state final : closable, std::enable_shared_from_this<member_state> {
  explicit member_state(std::shared_ptr<const surroundings> a)
      : around(std::move(a)), intake(around), woken(around->loop), replied(around->loop) {}

  void end() override {
    closed = true;
    news.reset();  // before its client is destroyed
    if (from) {
      auto connection = from->release();
      if (connection) leave(std::move(connection));
    }
    woken.notify_all();
    replied.notify_all();
  }

  void leave(std::unique_ptr<connection> connection) {
    if (releasing) rd_kafka_assign(connection->handle, nullptr);
    connection->leave_within = milliseconds(around->bounds.group_leave_timeout_ms);
    around->close_async(std::move(connection));
  }

  void take_reply(rd_kafka_event_t& event) {
    if (rd_kafka_event_type(&event) != RD_KAFKA_EVENT_OFFSET_COMMIT) return;
    auto id = reinterpret_cast<std::uintptr_t>(rd_kafka_event_opaque(&event));
    auto asked = commits.find(id);
    if (asked == commits.end()) return;  // no caller waits for it any more
    auto code = rd_kafka_event_error(&event);
    const auto* list = rd_kafka_event_topic_partition_list(&event);
    for (int i = 0; list != nullptr && i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
      code = list->elems[i].err;
    asked->second = code;
    replied.notify_all();
  }

  std::shared_ptr<const surroundings> around;
  std::string group;
  std::string topic;
  std::string instance;
  record_intake intake;
  condition woken;
  condition replied;
  std::shared_ptr<client> from;
  error broken;               ///< set if the client could not be created
  std::string complained_of;  ///< the last logged error, logged only once
  milliseconds poll_pause{0};

  std::set<std::int32_t> owned;  ///< partitions that may be committed
  bool releasing = false;        ///< a revocation was reported; the next `next` releases `owned`
  event_ptr news;                ///< group change found after records, which are returned first
  std::map<std::uintptr_t, std::optional<rd_kafka_resp_err_t>> commits;
  std::uintptr_t last_commit = 0;
  std::atomic<bool> closed = false;
};

using state_ptr = std::shared_ptr<member_state>;

/// Returns the longest pause between two polls. librdkafka removes a member from its group that has
/// not polled for `max.poll.interval.ms`, even if there was nothing to poll.
milliseconds poll_pause_of(const rd_kafka_conf_t& conf) {
  std::array<char, 32> text{};
  std::size_t size = text.size();
  std::int64_t interval = 0;
  if (rd_kafka_conf_get(&conf, "max.poll.interval.ms", text.data(), &size) == RD_KAFKA_CONF_OK) {
    std::from_chars(text.data(), text.data() + size, interval);
  }
  return milliseconds(std::clamp<std::int64_t>(interval / 3, 200, 60'000));
}

result<> open(const state_ptr& state) {
  const auto& around = *state->around;
  properties own = {{"group.id", around.names->full_group(state->group)}};
  if (!state->instance.empty()) own.emplace_back("group.instance.id", state->instance);
  auto conf = make_conf(client_kind::member, around.settings, around.bounds, own);
  if (!conf) return conf.error();
  state->poll_pause = poll_pause_of(**conf);
  auto connected = connect(RD_KAFKA_CONSUMER, std::move(*conf));
  if (!connected) return connected.error();
  auto topics =
      to_list({{state->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_OFFSET_INVALID}}, *around.names);
  auto code = rd_kafka_subscribe((*connected)->handle, topics.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, "group " + state->group);
  state->from =
      std::make_shared<client>(std::move(*connected), around.loop, around.health, around.log);
  auto watch = [state] {
    if (state->closed) state->end();
    if (state->closed || !state->from) return;
    auto woken = [weak = std::weak_ptr(state)] {
      if (auto self = weak.lock()) self->woken.notify_all();
    };
    auto replied = [weak = std::weak_ptr(state)](rd_kafka_event_t& event) {
      if (auto self = weak.lock()) self->take_reply(event);
    };
    state->from->watch(std::move(woken), std::move(replied));
  };
  asio::post(around.loop, std::move(watch));
  return {};
}

std::vector<partition_ref> partitions_of(const rd_kafka_topic_partition_list_t& list,
                                         const topic_names& names) {
  std::vector<partition_ref> out;
  for (int i = 0; i < list.cnt; ++i)
    out.push_back({names.short_name(list.elems[i].topic), list.elems[i].partition});
  return out;
}

/// Fills in the committed offsets of the group. Without a commit, reading begins at the start. This
/// is decided here because librdkafka's `auto.offset.reset` would treat an expired offset in the
/// same way.
rd_kafka_resp_err_t ask_committed(rd_kafka_t* handle, rd_kafka_topic_partition_list_t& list,
                                  const limits& limits) {
  auto code = rd_kafka_committed(handle, &list, static_cast<int>(limits.broker_answer_timeout_ms));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  for (int i = 0; i < list.cnt; ++i) {
    auto& each = list.elems[i];
    if (each.err != RD_KAFKA_RESP_ERR_NO_ERROR) return each.err;
    if (each.offset < 0) each.offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/// Reads the committed offsets on the blocking loop. A connection is closed asynchronously
/// (`close_async`) through that loop, so it outlives a call that is running there.
awaitable<rd_kafka_resp_err_t> committed_there(state_ptr state,
                                               rd_kafka_topic_partition_list_t* list) {
  auto* handle = state->from->handle();
  auto ask = [handle, list, state] { return ask_committed(handle, *list, state->around->bounds); };
  co_return co_await run_on(state->around->blocking_loop, std::move(ask));
}

awaitable<std::optional<delivery>> take_assignment(state_ptr state, partitions_ptr list) {
  while (list->cnt > 0) {
    auto code = co_await committed_there(state, list.get());
    if (state->closed) co_return std::nullopt;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    state->around->log.warning(
        "cannot read the committed offsets of a group; retrying",
        {{"group", state->group}, {"reason", std::string(rd_kafka_err2str(code))}});
    co_await state->woken.wait_until(state->around->time.steady_now() + committed_pause);
    if (state->closed) co_return std::nullopt;
  }
  rd_kafka_assign(state->from->handle(), list.get());
  state->around->put_out({});  // clears an earlier error
  state->complained_of.clear();
  assigned out{partitions_of(*list, *state->around->names)};
  state->owned.clear();
  for (const auto& each : out.partitions)
    state->owned.insert(each.partition);
  co_return delivery(std::move(out));
}

/// Converts a decision of the group to a delivery for the caller.
awaitable<std::optional<delivery>> take_news(state_ptr state, event_ptr event) {
  auto what = rd_kafka_event_error(event.get());
  partitions_ptr list(
      rd_kafka_topic_partition_list_copy(rd_kafka_event_topic_partition_list(event.get())));
  event.reset();  // before the first await: it must not outlive its client
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    co_return co_await take_assignment(state, std::move(list));
  }
  bool lost = rd_kafka_assignment_lost(state->from->handle()) != 0;
  revoked out{partitions_of(*list, *state->around->names), lost};
  // Lost partitions belong to other members already; the brokers would refuse a commit.
  if (lost) state->owned.clear();
  state->releasing = true;
  co_return delivery(std::move(out));
}

/// Returns the fatal error that ended the client, if there is one.
error fatal_error_of(const state_ptr& state) {
  std::array<char, 512> why{};
  auto code = rd_kafka_fatal_error(state->from->handle(), why.data(), why.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return to_error(code, "group " + state->group, why.data());
}

/// Logs a group error once. A refused authorization persists until an operator grants the right,
/// and librdkafka keeps retrying; the member counts as out of its group until then.
void take_error(member_state& state, rd_kafka_event_t& event) {
  auto code = rd_kafka_event_error(&event);
  auto group = state.around->settings.prefix + "." + state.group;
  auto what = to_error(code, "group " + group, reason_of(event));
  if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
      code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    state.around->put_out(what);
  }
  if (what.detail == state.complained_of) return;
  state.complained_of = what.detail;
  state.around->log.warning("error in a consumer group",
                            {{"group", group}, {"reason", what.detail}});
}

/// Releases a client that has ended with a fatal error. Its partitions are lost.
///
/// "Fenced" means that another process has joined under the same name. A static member can also
/// fence itself, if a broker dies after it has admitted the member and before it has responded.
revoked give_up(const state_ptr& state, const error& why) {
  state->around->log.error("fatal error in a member of a consumer group; creating it again",
                           {{"group", state->group}, {"reason", why.message()}});
  state->around->put_out(why);
  state->news.reset();  // before its client is destroyed
  auto connection = state->from->release();
  if (connection) state->around->close_async(std::move(connection));
  state->from.reset();
  state->releasing = false;
  revoked out{{}, true};
  for (auto partition : std::exchange(state->owned, {}))
    out.partitions.push_back({state->topic, partition});
  return out;
}

awaitable<void> make_anew(state_ptr state) {
  co_await state->woken.wait_until(state->around->time.steady_now() + member_pause);
  if (state->closed) co_return;
  auto opened = open(state);
  if (opened) co_return;
  state->around->log.error("cannot create a member of a consumer group",
                           {{"group", state->group}, {"reason", opened.error().message()}});
}

awaitable<result<delivery>> next_delivery(state_ptr state) {
  if (state->broken.code) co_return state->broken;
  if (state->releasing && !state->closed) {
    state->releasing = false;
    state->owned.clear();
    rd_kafka_assign(state->from->handle(), nullptr);
  }
  while (!state->closed) {
    if (!state->from) {
      co_await make_anew(state);
      continue;
    }
    event_ptr other = std::move(state->news);
    if (!other) {
      auto records = state->intake.take(*state->from, other);
      if (!records) co_return records.error();
      if (!records->empty()) {
        state->news = std::move(other);
        co_return delivery(std::move(*records));
      }
    }
    auto fatal = fatal_error_of(state);
    if (fatal.code) {
      other.reset();  // before its client is destroyed
      auto lost = give_up(state, fatal);
      if (!lost.partitions.empty()) co_return delivery(std::move(lost));
    } else if (!other) {
      co_await state->woken.wait_until(state->around->time.steady_now() + state->poll_pause);
    } else if (rd_kafka_event_type(other.get()) == RD_KAFKA_EVENT_REBALANCE) {
      auto news = co_await take_news(state, std::move(other));
      if (news) co_return std::move(*news);
    } else if (rd_kafka_event_type(other.get()) == RD_KAFKA_EVENT_ERROR) {
      take_error(*state, *other);
    }
  }
  co_return fail(errc::closed);
}

error has_left(const state_ptr& state) {
  return fail(errc::not_owned, "this member has left group " + state->group);
}

awaitable<result<>> commit_there(state_ptr state, std::vector<position> next) {
  if (state->closed) co_return has_left(state);
  for (const auto& place : next) {
    if (place.topic != state->topic || !state->owned.contains(place.partition)) {
      co_return fail(errc::not_owned, fmt::format("partition {} of {} belongs to another consumer",
                                                  place.partition, place.topic));
    }
  }
  if (next.empty()) co_return result<>();
  auto id = ++state->last_commit;
  state->commits[id] = std::nullopt;
  auto list = to_list(next, *state->around->names);
  auto code = rd_kafka_commit_queue(state->from->handle(), list.get(), state->from->replies(),
                                    nullptr, reinterpret_cast<void*>(id));
  auto deadline = state->around->time.steady_now() +
                  milliseconds(state->around->bounds.broker_answer_timeout_ms);
  while (code == RD_KAFKA_RESP_ERR_NO_ERROR && !state->commits[id] && !state->closed) {
    bool in_time = co_await state->replied.wait_until(deadline);
    if (!in_time) code = RD_KAFKA_RESP_ERR__TIMED_OUT;
  }
  if (state->commits[id]) code = *state->commits[id];
  state->commits.erase(id);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) co_return to_error(code, "group " + state->group);
  if (state->closed) co_return has_left(state);
  state->around->committed(next);
  co_return result<>();
}

class kafka_member final : public consumer {
 public:
  explicit kafka_member(state_ptr state) : state_(std::move(state)) {}
  ~kafka_member() override { close(); }

  awaitable<result<delivery>> next() override {
    auto next_there = [state = state_] { return next_delivery(state); };
    return run_coroutine_on(state_->around->loop, std::move(next_there));
  }

  awaitable<result<>> commit(std::vector<position> next) override {
    auto commit = [state = state_, next = std::move(next)] { return commit_there(state, next); };
    return run_coroutine_on(state_->around->loop, std::move(commit));
  }

  void close() override {
    if (state_->closed.exchange(true)) return;
    asio::post(state_->around->loop, [state = state_] { state->end(); });
  }

 private:
  state_ptr state_;
};

}  // namespace

std::unique_ptr<consumer> make_kafka_member(std::shared_ptr<const surroundings> around,
                                            std::string group, std::string topic,
                                            std::string instance, std::weak_ptr<closable>& made) {
  auto state = std::make_shared<member_state>(std::move(around));
  state->group = std::move(group);
  state->topic = std::move(topic);
  state->instance = std::move(instance);
  if (auto opened = open(state); !opened) state->broken = opened.error();
  made = state;
  return std::make_unique<kafka_member>(std::move(state));
}

}  // namespace sonde::queue::kafka
