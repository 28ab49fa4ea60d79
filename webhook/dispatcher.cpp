#include "webhook/dispatcher.hpp"

#include "base/async/retry.hpp"
#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "queue/produce_all.hpp"
#include "webhook/errc.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sonde::webhook {
namespace {

using std::chrono::milliseconds;

constexpr retry_policy read_retries{milliseconds(500), milliseconds(5'000)};
constexpr milliseconds room_patience{1'000};
constexpr milliseconds drain_patience{5'000};

delivery_rules rules_of(retry_plan plan, const limits& bounds) {
  return {std::move(plan), std::chrono::seconds(bounds.webhook_retry_after_s)};
}

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

message_origin origin_of(const queue::stored_record& record) {
  return model::is_redriven(record.what) ? message_origin::redriven : message_origin::produced;
}

record letter_of(queue::stored_record record, const char* stage, const std::string& why,
                 std::size_t most_bytes) {
  model::record_place from{record.what.topic, record.partition, record.offset};
  return model::to_dead_letter(std::move(record.what), std::move(from), stage, why, most_bytes);
}

bool was_cancelled(const error& why) {
  return why.code == make_error_code(errc::cancelled);
}

}  // namespace

dispatcher::dispatcher(const context& around, receiver_access access, retry_plan plan)
    : bounds_(around.bounds),
      queue_bounds_(around.queue_bounds),
      time_(around.time),
      log_(around.log),
      counts_(around.counts),
      queue_(around.queue),
      waiting_now_(counts_.show("sonde_webhooks_pending", "Messages that are not delivered yet.")),
      try_time_(counts_.time("sonde_webhook_try_seconds", "One attempt to send a message.")),
      stop_(around.loop),
      messages_(around.queue),
      attempts_(around, std::move(access), messages_, stop_),
      table_(rules_of(std::move(plan), around.bounds), around.bounds),
      news_(around.loop),
      landed_(around.loop),
      loops_(around.loop, around.log, "webhook dispatcher"),
      tries_(around.loop, around.log, "webhook tries") {}

dispatcher::~dispatcher() = default;

void dispatcher::start() {
  consumer_ = queue_.join(dispatcher_group, model::topics::webhook_requests);
  loops_.spawn(consume());
  loops_.spawn(dispatch());
}

awaitable<void> dispatcher::stop(steady_time deadline) {
  stop_.request();
  consumer_->close();
  news_.notify_all();
  auto until = std::min(deadline, time_.steady_now() + drain_patience);
  while (tries_.size() > 0) {
    bool ended = co_await landed_.wait_until(until);
    if (!ended) break;
  }
  messages_.close();
  tries_.cancel();
  loops_.cancel();
  co_await tries_.join();
  co_await loops_.join();
  co_await attempts_.join();
}

/// The results of one batch of records.
struct dispatcher::arrivals {
  std::vector<record> to_write;
  std::vector<model::delivery_id> accepted;
};

awaitable<void> dispatcher::consume() {
  queue::consume_handler handler;
  handler.assigned = [this](std::vector<queue::partition_ref> ours) {
    return take_over(std::move(ours));
  };
  handler.revoked = [this](queue::revoked gone) { return give_back(std::move(gone)); };
  handler.records = [this](stored_records records) { return take_in(std::move(records)); };
  auto ended = co_await queue::consume(*consumer_, std::move(handler), stop_, log_,
                                       "cannot read webhook messages");
  if (!ended && failed_) failed_(ended.error());
}

/// Drops waiting messages: the next owner, which may be this process, reads them again.
awaitable<void> dispatcher::give_back(queue::revoked gone) {
  std::set<std::int32_t> partitions;
  for (const auto& each : gone.partitions)
    partitions.insert(each.partition);
  table_.revoke(partitions);
  show();
  co_return;
}

awaitable<void> dispatcher::take_over(std::vector<queue::partition_ref> partitions) {
  std::set<std::int32_t> ours;
  for (const auto& each : partitions)
    ours.insert(each.partition);
  std::function<awaitable<result<>>()> read = [this, ours] { return replay(ours); };
  co_await retry(read_retries, stop_, log_, "cannot read the delivery states of webhooks", read);
  show();
}

awaitable<result<>> dispatcher::replay(std::set<std::int32_t> partitions) {
  table_.begin_replay(partitions);
  auto take = [this](std::int32_t partition, model::webhook_delivery state) {
    table_.replay(partition, std::move(state));
  };
  auto read = co_await messages_.replay(std::move(partitions), std::move(take));
  if (!read) co_return read;
  table_.end_replay();
  news_.notify_all();
  co_return result<>();
}

/// Returns false if the message is open already, or has ended.
awaitable<bool> dispatcher::wait_until_new(model::delivery_id id, std::int64_t request,
                                           message_origin origin) {
  while (table_.is_superseded(id) && !stop_.requested())
    co_await landed_.wait();
  co_return table_.is_new(id, request, origin);
}

/// Waits once, briefly, for a receiver with a full queue, if it accepts anything.
awaitable<room> dispatcher::wait_for_room(std::string endpoint) {
  auto until = time_.steady_now() + room_patience;
  auto space = table_.room_for(endpoint);
  while (space == room::soon && !stop_.requested()) {
    bool landed = co_await landed_.wait_until(until);
    space = table_.room_for(endpoint);
    if (!landed && space == room::soon) {
      table_.give_up_waiting_for(endpoint);
      space = room::no;
    }
  }
  co_return space;
}

/// Converts one record to the records to write and a new open message.
awaitable<void> dispatcher::take_one(queue::stored_record record, std::shared_ptr<arrivals> into) {
  auto message = model::parse_webhook_message(record.what.value);
  if (!message) {
    auto why = message.error().message();
    log_.error("webhook message invalid; writing it to the dead-letter topic",
               {{"partition", record.partition}, {"offset", record.offset}, {"reason", why}});
    into->to_write.push_back(
        letter_of(std::move(record), "parse", why, queue_bounds_.record_max_bytes));
    co_return;
  }
  bool is_new = co_await wait_until_new(message->id, record.offset, origin_of(record));
  if (!is_new) co_return;
  auto space = co_await wait_for_room(message->hook.endpoint);
  auto step = table_.accept(first_state(*message, record), record.partition, space);
  into->accepted.push_back(message->id);
  if (step.action == delivery_action::give_up) {
    into->to_write.push_back(
        letter_of(std::move(record), "queue", step.state.reason, queue_bounds_.record_max_bytes));
  }
  into->to_write.push_back(to_record(step.state, time_.now()));
  auto size = message->body.size() + message->hook.encrypted.size();
  if (space == room::yes && table_.held_bytes() + size <= bounds_.webhook_held_bytes) {
    auto id = message->id;
    table_.hold(id, std::make_shared<const model::webhook_message>(std::move(*message)));
  }
}

/// Writes the states to their topic before anything is sent or committed.
awaitable<void> dispatcher::take_in(stored_records records) {
  auto arrived = std::make_shared<arrivals>();
  for (const auto& record : records) {
    if (!table_.owned().contains(record.partition)) continue;
    co_await take_one(record, arrived);
    if (stop_.requested()) break;
  }
  bool written = !stop_.requested();
  if (written && !arrived->to_write.empty()) {
    written = co_await publish(std::move(arrived->to_write));
  }
  for (const auto& id : arrived->accepted) {
    if (written) {
      count_end(table_.recorded(id));
    } else {
      table_.not_recorded(id);
    }
  }
  if (!written) co_return;
  news_.notify_all();
  co_await commit(std::move(records));
  show();
}

awaitable<void> dispatcher::commit(stored_records records) {
  auto positions = queue::positions_after(records);
  auto committed = co_await consumer_->commit(std::move(positions));
  if (committed) co_return;
  // The messages are read again and then change nothing.
  log_.warning("webhook messages not committed; they are read again",
               {{"reason", committed.error().message()}});
}

awaitable<void> dispatcher::dispatch() {
  while (!stop_.requested()) {
    while (const auto* next = table_.take(time_.now()))
      tries_.spawn(attempt(next->state().id, next->source()));
    auto due = table_.next_due();
    if (due) {
      auto away = std::max(milliseconds(1), *due - time_.now());
      co_await news_.wait_until(time_.steady_now() + away);
    } else {
      co_await news_.wait();
    }
  }
}

awaitable<void> dispatcher::attempt(model::delivery_id id, attempt_source source) {
  auto begun = time_.steady_now();
  auto outcome = co_await attempts_.run(std::move(source));
  std::chrono::duration<double> took = time_.steady_now() - begun;
  try_time_.observe(took.count());
  co_await settle(std::move(id), std::move(outcome));
  landed_.notify_all();
  news_.notify_all();
  show();
}

/// Records the outcome of an attempt.
awaitable<void> dispatcher::settle(model::delivery_id id, attempt_outcome outcome) {
  if (!outcome && was_cancelled(outcome.error())) {
    table_.shut_down(id);
    co_return;
  }
  auto step = table_.attempt_ended(id, time_.now(), outcome);
  report(step.state, outcome);
  if (step.action == delivery_action::release) co_return;
  auto batch = co_await records_of(std::move(step));
  bool written = !batch.empty();
  if (written) written = co_await publish(std::move(batch));
  if (written) {
    count_end(table_.recorded(id));
  } else {
    table_.not_recorded(id);
  }
}

/// Returns the records of an attempt: the state, preceded by the dead letter if its source still
/// exists. Returns nothing if the process stops first.
awaitable<std::vector<record>> dispatcher::records_of(delivery_step step) {
  std::vector<record> out;
  if (step.action == delivery_action::give_up) {
    auto stored = co_await attempts_.load(step.partition, step.state.request);
    if (!stored && was_cancelled(stored.error())) co_return out;
    if (stored) {
      out.push_back(
          letter_of(std::move(*stored), "send", step.state.reason, queue_bounds_.record_max_bytes));
    }
  }
  out.push_back(to_record(step.state, time_.now()));
  co_return out;
}

/// Returns false if the queue accepts no more records.
awaitable<bool> dispatcher::publish(std::vector<record> batch) {
  auto written = co_await queue::produce_all(queue_, std::move(batch), stop_, log_,
                                             "cannot write the delivery state of a webhook");
  co_return bool(written);
}

void dispatcher::count_end(const delivery_step& step) {
  if (step.action != delivery_action::done) return;
  counts_
      .count("sonde_webhook_deliveries_total", "Ended messages.",
             {{"state", std::string(name_of(step.state.state))}})
      .add();
}

/// Logs only the host of the receiver: a URL may be a secret.
void dispatcher::report(const model::webhook_delivery& state, const attempt_outcome& outcome) {
  auto success = accepted(outcome);
  auto result = success ? std::string(name_of(state.state)) : success.error().code.message();
  counts_.count("sonde_webhook_tries_total", "Attempts to send a message.", {{"result", result}})
      .add();
  if (success) {
    log_.debug("webhook sent", {{"id", state.id.str()}, {"endpoint", state.endpoint}});
    return;
  }
  auto next = state.next_try ? to_rfc3339(*state.next_try) : std::string("never");
  log_.warning("webhook delivery failed", {{"id", state.id.str()},
                                           {"endpoint", state.endpoint},
                                           {"attempt", std::int64_t{state.attempts}},
                                           {"reason", state.reason},
                                           {"next_try", next}});
}

void dispatcher::show() {
  waiting_now_.set(static_cast<double>(table_.size()));
}

}  // namespace sonde::webhook
