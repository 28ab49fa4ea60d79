#include "base/async/hop.hpp"
#include "queue/errc.hpp"
#include "queue/kafka/kafka_reader.hpp"
#include "queue/kafka/translate.hpp"

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

/// Between two tries to learn what the group has committed.
constexpr milliseconds committed_pause{500};
/// Before a client that has failed is made anew: the next one may fail at once by the same.
constexpr milliseconds member_pause{1000};

/// A member of a group, as it lives on the loop.
///
/// Only `next` polls. So what is not asked for stays in librdkafka up to a limit, and a rebalance
/// waits until the caller has come back: that is when it has drained what it had. A caller that
/// stays away for `max.poll.interval.ms` is out of the group.
struct member_state final : closable, std::enable_shared_from_this<member_state> {
  explicit member_state(std::shared_ptr<const surroundings> a)
      : around(std::move(a)), intake(around), woken(around->loop), replied(around->loop) {}

  void end() override {
    closed = true;
    news.reset();  // before its client goes
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
    around->bury(std::move(connection));
  }

  void take_reply(rd_kafka_event_t& event) {
    if (rd_kafka_event_type(&event) != RD_KAFKA_EVENT_OFFSET_COMMIT) return;
    auto id = reinterpret_cast<std::uintptr_t>(rd_kafka_event_opaque(&event));
    auto asked = commits.find(id);
    if (asked == commits.end()) return;  // nobody waits for it any more
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
  error broken;               ///< it could not be made
  std::string complained_of;  ///< last, so that it is not said again and again
  milliseconds poll_pause{0};

  std::set<std::int32_t> owned;  ///< what may be committed
  bool releasing = false;        ///< told of it; the next `next` gives back what was owned
  event_ptr news;                ///< of the group, behind records that are handed over first
  std::map<std::uintptr_t, std::optional<rd_kafka_resp_err_t>> commits;
  std::uintptr_t last_commit = 0;
  std::atomic<bool> closed = false;
};

using state_ptr = std::shared_ptr<member_state>;

/// librdkafka puts a member out of its group that has not polled for `max.poll.interval.ms`, also
/// where there was nothing to poll for.
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
      std::make_shared<client>(std::move(*connected), around.loop, around.how_we_stand, around.log);
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

/// Fills in what the group has committed. Where it has nothing, reading begins at the start; that
/// is said here, because librdkafka's `auto.offset.reset` would treat an offset that is not kept
/// any more in the same way.
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

/// A connection is buried through the blocking loop, so it outlives a call that is under way there.
awaitable<rd_kafka_resp_err_t> committed_there(state_ptr state,
                                               rd_kafka_topic_partition_list_t* list) {
  auto* handle = state->from->handle();
  auto ask = [handle, list, state] { return ask_committed(handle, *list, state->around->bounds); };
  co_return co_await call_on(state->around->blocking_loop, std::move(ask));
}

awaitable<std::optional<delivery>> take_assignment(state_ptr state, partitions_ptr list) {
  while (list->cnt > 0) {
    auto code = co_await committed_there(state, list.get());
    if (state->closed) co_return std::nullopt;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    state->around->log.warning(
        "a group's committed offsets cannot be read",
        {{"group", state->group}, {"reason", std::string(rd_kafka_err2str(code))}});
    co_await state->woken.wait_until(state->around->time.steady_now() + committed_pause);
    if (state->closed) co_return std::nullopt;
  }
  rd_kafka_assign(state->from->handle(), list.get());
  state->around->put_out({});  // if it ever was
  state->complained_of.clear();
  assigned out{partitions_of(*list, *state->around->names)};
  state->owned.clear();
  for (const auto& each : out.partitions)
    state->owned.insert(each.partition);
  co_return delivery(std::move(out));
}

/// What the group has decided, as news for the caller.
awaitable<std::optional<delivery>> take_news(state_ptr state, event_ptr event) {
  auto what = rd_kafka_event_error(event.get());
  partitions_ptr list(
      rd_kafka_topic_partition_list_copy(rd_kafka_event_topic_partition_list(event.get())));
  event.reset();  // before anything is awaited: it must not outlive its client
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    co_return co_await take_assignment(state, std::move(list));
  }
  bool lost = rd_kafka_assignment_lost(state->from->handle()) != 0;
  revoked out{partitions_of(*list, *state->around->names), lost};
  // What is lost belongs to others already; a commit would only be refused.
  if (lost) state->owned.clear();
  state->releasing = true;
  co_return delivery(std::move(out));
}

/// Why the client has ended for good, if it has.
error fatal_error_of(const state_ptr& state) {
  std::array<char, 512> why{};
  auto code = rd_kafka_fatal_error(state->from->handle(), why.data(), why.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return to_error(code, "group " + state->group, why.data());
}

/// A group that may not be joined stays so until somebody grants the right, and librdkafka goes on
/// trying.
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
  state.around->log.warning("a consumer group reports an error",
                            {{"group", group}, {"reason", what.detail}});
}

/// Gives up a client that has ended by a fatal error; what it had is lost.
///
/// "Fenced" says that another process has come under the same name. But a static member is also
/// fenced by itself, when a broker dies after it has let the member in and before it could say so.
revoked give_up(const state_ptr& state, const error& why) {
  state->around->log.error("a group's member ended by a fatal error and is made anew",
                           {{"group", state->group}, {"reason", why.message()}});
  state->around->put_out(why);
  state->news.reset();  // before its client goes
  auto connection = state->from->release();
  if (connection) state->around->bury(std::move(connection));
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
  state->around->log.error("a group's member cannot be made",
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
      other.reset();  // before its client goes
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
      co_return fail(errc::not_owned, "partition " + std::to_string(place.partition) + " of " +
                                          place.topic + " belongs to another consumer");
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
    return spawn_on(state_->around->loop, std::move(next_there));
  }

  awaitable<result<>> commit(std::vector<position> next) override {
    auto commit = [state = state_, next = std::move(next)] { return commit_there(state, next); };
    return spawn_on(state_->around->loop, std::move(commit));
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
