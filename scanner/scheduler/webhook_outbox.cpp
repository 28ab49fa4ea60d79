#include "scanner/scheduler/webhook_outbox.hpp"

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/produce_all.hpp"

#include <utility>

namespace sonde::scanner {
namespace {

/// Tasks per step; each has at most a few messages of `scheduler_limits::webhook_body_bytes`.
constexpr std::size_t tasks_at_once = 64;
constexpr std::size_t tasks_found_at_once = 1'000;

}  // namespace

webhook_outbox::webhook_outbox(scheduler_context context, task_ledger& ledger)
    : context_(std::move(context)), ledger_(ledger), news_(context_.loop), stop_(context_.loop) {}

void webhook_outbox::note(const model::scan_task& task, std::int32_t partition) {
  if (task.pending.empty()) return;
  unpublished_[task.key] = partition;
  news_.notify_all();
}

void webhook_outbox::look_around() {
  view_has_more_ = true;
  news_.notify_all();
}

void webhook_outbox::stop() {
  stop_.request();
  news_.notify_all();
}

awaitable<void> webhook_outbox::publish() {
  while (!stop_.requested()) {
    if (view_has_more_ && unpublished_.empty()) co_await find_unpublished();
    auto some = std::make_shared<std::vector<views::outbox_task>>();
    for (auto next = unpublished_.begin();
         next != unpublished_.end() && some->size() < tasks_at_once;) {
      some->push_back({next->first, next->second});
      next = unpublished_.erase(next);
    }
    if (!some->empty()) {
      co_await publish_some(std::move(some));
    } else if (!view_has_more_) {
      co_await news_.wait();
    }
  }
}

/// Finds outboxes of former owners. The view shows them once it has folded the changes of this
/// process.
awaitable<void> webhook_outbox::find_unpublished() {
  view_has_more_ = false;
  auto unseen = ledger_.unseen();
  for (const auto& place : unseen)
    co_await context_.view.wait_until_folded(place, steady_time::max());
  auto found = co_await context_.view.with_outbox(ledger_.owned(), tasks_found_at_once);
  for (auto& each : found)
    unpublished_.emplace(std::move(each.key), each.partition);
  if (found.size() == tasks_found_at_once) view_has_more_ = true;
}

/// Loads the tasks of partitions that are owned. They stay loaded.
awaitable<webhook_outbox::loaded_tasks> webhook_outbox::load(shared_tasks tasks) {
  auto body_bytes = context_.bounds.webhook_body_bytes;
  auto record_bytes = context_.view_bounds.record_max_bytes;
  loaded_tasks out;
  for (const auto& each : *tasks) {
    auto task = co_await ledger_.load(each.key, each.partition);
    if (!task || !ledger_.owns(each.partition)) {
      ledger_.release(each.key);
      continue;
    }
    out.tasks.push_back(each);
    for (const auto& pending : task->pending) {
      auto message = model::message_of(*task, pending, body_bytes, record_bytes);
      out.messages.push_back(message.id);
      out.batch.push_back(to_record(message, task->traceparent));
    }
  }
  co_return out;
}

awaitable<void> webhook_outbox::publish_some(shared_tasks tasks) {
  auto loaded = co_await load(std::move(tasks));
  bool published = !loaded.messages.empty();
  if (published) {
    auto written = co_await queue::produce_all(context_.queue, std::move(loaded.batch), stop_,
                                               context_.log, "cannot write webhook messages");
    published = bool(written);
  }
  std::vector<model::target_key> changed;
  for (const auto& each : loaded.tasks) {
    // The partition was lost: the next owner sees the messages as pending and publishes them again.
    if (!published || !ledger_.owns(each.partition)) continue;
    ledger_.change(each.key, each.partition, [&](std::optional<model::scan_task> task) {
      return model::handed_over(std::move(*task), loaded.messages);
    });
    changed.push_back(each.key);
  }
  if (!changed.empty()) co_await ledger_.publish(std::move(changed));
  for (const auto& each : loaded.tasks)
    ledger_.release(each.key);
}

}  // namespace sonde::scanner
