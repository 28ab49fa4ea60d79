#include "webhook/sender.hpp"

#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "queue/errc.hpp"
#include "webhook/errc.hpp"

#include <algorithm>
#include <map>

namespace sonde::webhook {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds retry_pause{500};
constexpr milliseconds room_patience{1'000};
constexpr milliseconds drain_patience{5'000};
constexpr std::size_t most_remembered = 100'000;

model::webhook_delivery first_state(const model::webhook_message& message,
                                    const queue::stored_record& record) {
  model::webhook_delivery out;
  out.id = message.id;
  out.task = message.task;
  out.endpoint = message.hook.endpoint;
  out.request = record.offset;
  out.created = record.time;
  return out;
}

model::record_place place_of(const queue::stored_record& record) {
  return {record.what.topic, record.partition, record.offset};
}

}  // namespace

sender::sender(executor loop, queue::backend& queue,
               std::shared_ptr<const model::webhook_keys> keys, model::webhook_guard guard,
               retry_plan plan, poster& post, name_look_up look_up, const limits& limits,
               const clock& clock, logger& log, metrics& counts)
    : loop_(loop),
      queue_(queue),
      keys_(std::move(keys)),
      guard_(std::move(guard)),
      plan_(std::move(plan)),
      post_(post),
      look_up_(std::move(look_up)),
      limits_(limits),
      clock_(clock),
      log_(log),
      counts_(counts),
      waiting_now_(counts.show("sonde_webhooks_pending", "Messages that are not delivered yet.")),
      try_time_(counts.time("sonde_webhook_try_seconds", "One try to send a message.")),
      messages_(queue),
      board_(limits),
      news_(loop),
      landed_(loop),
      loops_(loop, log, "webhook sender"),
      tries_(loop, log, "webhook tries"),
      look_ups_(loop, log, "webhook look-ups") {}

sender::~sender() = default;

void sender::start() {
  consumer_ = queue_.join(sender_group, model::topics::webhook_requests);
  loops_.spawn(consume());
  loops_.spawn(dispatch());
}

awaitable<void> sender::stop(steady_time deadline) {
  stopping_ = true;
  consumer_->close();
  news_.notify_all();
  auto until = std::min(deadline, clock_.steady_now() + drain_patience);
  while (tries_.size() > 0) {
    bool ended = co_await landed_.wait_until(until);
    if (!ended) break;
  }
  messages_.close();
  tries_.cancel();
  loops_.cancel();
  co_await tries_.join();
  co_await loops_.join();
  co_await look_ups_.join();
}

/// What one batch of records comes to.
struct sender::arrivals {
  std::vector<record> to_write;
  std::vector<open_delivery> fresh;
  std::set<model::delivery_id> seen;
};

awaitable<void> sender::consume() {
  asio::steady_timer pause(loop_);
  while (!stopping_) {
    auto next = co_await consumer_->next();
    if (!next && next.error().code == make_error_code(queue::errc::closed)) co_return;
    if (!next) {
      log_.error("messages for webhooks cannot be read", {{"reason", next.error().message()}});
      pause.expires_after(retry_pause);
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    if (auto* ours = std::get_if<queue::assigned>(&*next)) {
      std::set<std::int32_t> partitions;
      for (const auto& each : ours->partitions)
        partitions.insert(each.partition);
      co_await take_over(std::move(partitions));
    } else if (auto* gone = std::get_if<queue::revoked>(&*next)) {
      // What waits is read anew by whoever gets the partition, which may be this process.
      for (const auto& each : gone->partitions)
        owned_.erase(each.partition);
      board_.keep_waiting_of(owned_);
    } else {
      co_await take_in(std::move(std::get<stored_records>(*next)));
    }
    show();
  }
}

/// What is open is what its last state says is.
awaitable<void> sender::take_over(std::set<std::int32_t> partitions) {
  owned_ = partitions;
  asio::steady_timer pause(loop_);
  while (!stopping_) {
    board_.keep_waiting_of({});
    std::unordered_map<model::delivery_id, open_delivery> open;
    auto take = [&](std::int32_t partition, model::webhook_delivery state) {
      auto id = state.id;
      if (state.state != model::delivery_state::pending) {
        open.erase(id);
        remember_end(id, state.request);
        return;
      }
      open[id] = {std::move(state), partition, nullptr};
    };
    auto read = co_await messages_.replay(partitions, std::move(take));
    if (read) {
      for (auto& [id, one] : open)
        if (!board_.knows(id)) board_.add(std::move(one));
      news_.notify_all();
      co_return;
    }
    log_.warning("the state of webhooks cannot be read; trying again",
                 {{"reason", read.error().message()}});
    pause.expires_after(retry_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

bool sender::is_news(const queue::stored_record& record, const model::delivery_id& id) const {
  if (board_.knows(id)) return false;
  auto ended = ended_.find(id);
  if (ended == ended_.end()) return true;
  return model::is_redriven(record.what) && record.offset > ended->second;
}

/// A receiver whose line is full gets a moment, once, if it takes anything at all.
awaitable<bool> sender::wait_for_room(std::string endpoint) {
  auto until = clock_.steady_now() + room_patience;
  auto room = board_.room_for(endpoint);
  while (room == board::room::soon && !stopping_) {
    bool landed = co_await landed_.wait_until(until);
    room = board_.room_for(endpoint);
    if (!landed && room == board::room::soon) {
      board_.give_up_waiting_for(endpoint);
      room = board::room::no;
    }
  }
  co_return room == board::room::yes;
}

/// What comes of one record: records to write, and a message that is open from then on.
awaitable<void> sender::take_one(queue::stored_record record, std::shared_ptr<arrivals> into) {
  auto message = model::parse_webhook_message(record.what.value);
  if (!message) {
    log_.error("a message for a webhook cannot be understood and becomes a dead letter",
               {{"partition", record.partition},
                {"offset", record.offset},
                {"reason", message.error().message()}});
    auto from = place_of(record);
    into->to_write.push_back(model::to_dead_letter(std::move(record.what), std::move(from), "parse",
                                                   message.error().message()));
    co_return;
  }
  if (!is_news(record, message->id) || !into->seen.insert(message->id).second) co_return;
  open_delivery one{first_state(*message, record), record.partition, nullptr};
  one.state.next_try = plan_.next_try(message->id, 0, record.time);
  bool room = co_await wait_for_room(one.state.endpoint);
  if (!room) {
    one.state.state = model::delivery_state::dead;
    one.state.next_try.reset();
    one.state.reason = "too many messages wait for this receiver";
    auto from = place_of(record);
    into->to_write.push_back(
        model::to_dead_letter(std::move(record.what), std::move(from), "queue", one.state.reason));
  }
  into->to_write.push_back(to_record(one.state, clock_.now()));
  auto size = message->body.size() + message->hook.sealed.size();
  if (room && board_.held_bytes() + size <= limits_.webhook_held_bytes) {
    one.held = std::make_shared<const model::webhook_message>(std::move(*message));
  }
  into->fresh.push_back(std::move(one));
}

/// The states are on their topic before anything is sent or committed.
awaitable<void> sender::take_in(stored_records records) {
  auto arrived = std::make_shared<arrivals>();
  for (const auto& record : records) {
    if (!owned_.contains(record.partition)) continue;
    co_await take_one(record, arrived);
    if (stopping_) co_return;
  }
  bool written = arrived->to_write.empty();
  if (!written) written = co_await publish(std::move(arrived->to_write));
  if (!written) co_return;
  for (auto& one : arrived->fresh) {
    if (one.state.state == model::delivery_state::dead) {
      end(one.state);
    } else {
      board_.add(std::move(one));
    }
  }
  news_.notify_all();
  co_await commit(std::move(records));
}

awaitable<void> sender::commit(stored_records records) {
  std::map<std::int32_t, queue::position> next;
  for (const auto& one : records) {
    auto place = one.place();
    ++place.offset;
    next[one.partition] = place;
  }
  std::vector<queue::position> positions;
  for (auto& each : next)
    positions.push_back(std::move(each.second));
  auto committed = co_await consumer_->commit(std::move(positions));
  if (committed) co_return;
  // They come again, and change nothing then.
  log_.warning("messages for webhooks could not be committed",
               {{"reason", committed.error().message()}});
}

/// Until it is written. False: this process is to stop first.
awaitable<bool> sender::publish(std::vector<record> batch) {
  asio::steady_timer pause(loop_);
  while (true) {
    auto copy = batch;
    auto places = co_await queue_.produce(std::move(copy));
    if (places) co_return true;
    if (stopping_) co_return false;
    log_.warning("the state of a webhook could not be written; trying again",
                 {{"reason", places.error().message()}});
    pause.expires_after(retry_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

void sender::remember_end(const model::delivery_id& id, std::int64_t request) {
  auto [place, fresh] = ended_.insert_or_assign(id, request);
  if (fresh) ended_order_.push_back(id);
  if (ended_order_.size() <= most_remembered) return;
  ended_.erase(ended_order_.front());
  ended_order_.pop_front();
}

void sender::end(const model::webhook_delivery& state) {
  remember_end(state.id, state.request);
  counts_
      .count("sonde_webhook_deliveries_total", "Messages that have come to their end.",
             {{"state", std::string(name_of(state.state))}})
      .add();
}

void sender::show() {
  waiting_now_.set(static_cast<double>(board_.waiting() + board_.in_flight()));
}

}  // namespace sonde::webhook
