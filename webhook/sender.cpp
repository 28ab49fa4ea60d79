#include "webhook/sender.hpp"

#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "queue/consume.hpp"
#include "queue/produce_all.hpp"
#include "webhook/errc.hpp"

#include <algorithm>

namespace sonde::webhook {
namespace {

using std::chrono::milliseconds;

constexpr retry_policy read_retries{milliseconds(500), milliseconds(5'000)};
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
      look_ups_(loop, log, "webhook look-ups"),
      stop_(loop) {}

sender::~sender() = default;

void sender::start() {
  consumer_ = queue_.join(sender_group, model::topics::webhook_requests);
  loops_.spawn(consume());
  loops_.spawn(dispatch());
}

awaitable<void> sender::stop(steady_time deadline) {
  stop_.request();
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
  queue::consume_handler handler;
  handler.assigned = [this](std::vector<queue::partition_ref> ours) {
    return take_over(std::move(ours));
  };
  handler.revoked = [this](queue::revoked gone) { return give_back(std::move(gone)); };
  handler.records = [this](stored_records records) { return take_in(std::move(records)); };
  auto ended = co_await queue::consume(*consumer_, std::move(handler), stop_, log_,
                                       "messages for webhooks cannot be read");
  if (!ended && failed_) failed_(ended.error());
}

/// What waits is read anew by whoever gets the partition, which may be this process.
awaitable<void> sender::give_back(queue::revoked gone) {
  for (const auto& each : gone.partitions)
    owned_.erase(each.partition);
  board_.keep_waiting_of(owned_);
  show();
  co_return;
}

/// What is open is what its last state says is.
awaitable<void> sender::take_over(std::vector<queue::partition_ref> partitions) {
  owned_.clear();
  for (const auto& each : partitions)
    owned_.insert(each.partition);
  std::function<awaitable<result<>>()> read = [this] { return read_open(); };
  co_await retry(read_retries, stop_, log_, "the state of webhooks cannot be read", read);
  show();
}

awaitable<result<>> sender::read_open() {
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
  auto read = co_await messages_.replay(owned_, std::move(take));
  if (!read) co_return read;
  for (auto& [id, one] : open)
    if (!board_.knows(id)) board_.add(std::move(one));
  news_.notify_all();
  co_return result<>();
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
  while (room == board::room::soon && !stop_.requested()) {
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
                                                   message.error().message(),
                                                   limits_.record_max_bytes));
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
    into->to_write.push_back(model::to_dead_letter(std::move(record.what), std::move(from), "queue",
                                                   one.state.reason, limits_.record_max_bytes));
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
    if (stop_.requested()) co_return;
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
  show();
}

awaitable<void> sender::commit(stored_records records) {
  auto positions = queue::positions_after(records);
  auto committed = co_await consumer_->commit(std::move(positions));
  if (committed) co_return;
  // They come again, and change nothing then.
  log_.warning("messages for webhooks could not be committed",
               {{"reason", committed.error().message()}});
}

/// False: the queue takes nothing more.
awaitable<bool> sender::publish(std::vector<record> batch) {
  auto written = co_await queue::produce_all(queue_, std::move(batch), stop_, log_,
                                             "the state of a webhook could not be written");
  co_return bool(written);
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
