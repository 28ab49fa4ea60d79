// What webhooks are owed, from the snapshots that say so to the senders' topic.

#include "model/events.hpp"
#include "model/task_fold.hpp"
#include "queue/produce_all.hpp"
#include "scanner/scheduler/scheduler.hpp"

namespace sonde::scanner {
namespace {

/// Tasks in one go; each has at most a few messages of `limits::webhook_body_bytes`.
constexpr std::size_t tasks_at_once = 64;
constexpr std::size_t tasks_found_at_once = 1'000;

}  // namespace

void scheduler::note_owing(const model::scan_task& task, std::int32_t partition) {
  if (task.pending.empty()) return;
  owing_[task.key] = partition;
  owing_news_.notify_all();
}

/// The snapshot with `pending` is on its topic before this begins, so whoever owns the partition
/// next does what is left. Doing it twice gives the same messages.
awaitable<void> scheduler::hand_over() {
  while (!stop_.requested()) {
    if (owing_unknown_ && owing_.empty()) co_await find_owing();
    auto some = std::make_shared<std::vector<views::owing_task>>();
    for (auto next = owing_.begin(); next != owing_.end() && some->size() < tasks_at_once;) {
      some->push_back({next->first, next->second});
      next = owing_.erase(next);
    }
    if (!some->empty()) {
      co_await hand_over_some(std::move(some));
    } else if (!owing_unknown_) {
      co_await owing_news_.wait();
    }
  }
}

/// What former owners have left: the view shows it, once it has folded what this one has changed.
awaitable<void> scheduler::find_owing() {
  owing_unknown_ = false;
  auto unseen = ledger_.unseen();
  for (const auto& place : unseen)
    co_await view_.wait_until_folded(place, steady_time::max());
  auto found = co_await view_.owing(ledger_.owned(), tasks_found_at_once);
  for (auto& each : found)
    owing_.emplace(std::move(each.key), each.partition);
  if (found.size() == tasks_found_at_once) owing_unknown_ = true;
}

awaitable<void> scheduler::hand_over_some(
    std::shared_ptr<const std::vector<views::owing_task>> tasks) {
  std::vector<record> batch;
  std::vector<model::delivery_id> messages;
  std::vector<views::owing_task> loaded;
  for (const auto& each : *tasks) {
    auto task = co_await ledger_.load(each.key);
    if (!task || !ledger_.owns(each.partition)) {
      ledger_.release(each.key);
      continue;
    }
    loaded.push_back(each);
    for (const auto& owed : task->pending) {
      auto message =
          model::message_of(*task, owed, limits_.webhook_body_bytes, limits_.record_max_bytes);
      messages.push_back(message.id);
      batch.push_back(to_record(message, task->traceparent));
    }
  }
  bool handed = !messages.empty();
  if (handed) {
    auto written = co_await queue::produce_all(queue_, std::move(batch), stop_, log_,
                                               "messages for webhooks could not be written");
    handed = bool(written);
  }
  std::vector<model::target_key> changed;
  for (const auto& each : loaded) {
    // Lost meanwhile: the next owner sees them pending, and hands them over again.
    if (!handed || !ledger_.owns(each.partition)) continue;
    ledger_.change(each.key, each.partition, [&](std::optional<model::scan_task> task) {
      return model::handed_over(std::move(*task), messages);
    });
    changed.push_back(each.key);
  }
  if (!changed.empty()) co_await ledger_.publish(std::move(changed));
  for (const auto& each : loaded)
    ledger_.release(each.key);
}

}  // namespace sonde::scanner
