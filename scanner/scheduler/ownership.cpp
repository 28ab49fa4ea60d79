#include "model/events.hpp"
#include "scanner/scheduler/scheduler.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

constexpr std::chrono::milliseconds longest_look_pause{1'000};
/// Requests of one partition; beyond it, the intake waits.
constexpr std::size_t most_held_back = 50'000;

}  // namespace

/// Runs of partitions that were ours before, and are again, go on: the new claim would not have
/// been reached without reading all earlier ones, and another's ends them.
awaitable<void> scheduler::take_over(std::vector<queue::partition_ref> partitions) {
  given_.clear();
  disputes_.clear();  // what is not committed comes again
  for (const auto& each : partitions)
    given_.insert(each.partition);
  std::vector<std::int32_t> gone;
  for (auto partition : ledger_.owned()) {
    if (!given_.contains(partition)) gone.push_back(partition);
  }
  co_await let_go(std::move(gone));
  for (const auto& each : partitions)
    claiming_.spawn(claim(each.partition));
  co_await claiming_.join();
}

awaitable<void> scheduler::claim(std::int32_t partition) {
  auto epoch = co_await claims_.claim(partition);
  if (!epoch) {
    dispute_over(partition);
    co_return;
  }
  ledger_.own(partition, *epoch);
  look_around();
}

void scheduler::dispute_over(std::int32_t partition) {
  disputes_[partition].since = clock_.steady_now();
  disputed_.notify_all();
}

void scheduler::look_around() {
  backlog_ = true;
  owing_unknown_ = true;
  work_.notify_all();
  owing_news_.notify_all();
}

/// What runs goes on until the group has said who gets these partitions, or somebody claims them:
/// mostly they come back. Nothing new is begun there.
awaitable<void> scheduler::give_back(queue::revoked what) {
  std::vector<std::int32_t> partitions;
  for (const auto& each : what.partitions) {
    given_.erase(each.partition);
    disputes_.erase(each.partition);
    partitions.push_back(each.partition);
  }
  settled_.notify_all();
  if (what.lost) {
    co_await let_go(std::move(partitions));
    co_return;
  }
  ready_.remove_if(
      [this](const views::waiting_task& task) { return !given_.contains(task.partition); });
}

awaitable<void> scheduler::lose(std::int32_t partition) {
  if (given_.contains(partition)) dispute_over(partition);
  std::vector<std::int32_t> lost{partition};
  co_await let_go(std::move(lost));
}

/// What runs of these partitions is cancelled, and nothing more of it is published.
awaitable<void> scheduler::let_go(std::vector<std::int32_t> partitions) {
  auto gone = [&partitions](std::int32_t partition) {
    return std::ranges::find(partitions, partition) != partitions.end();
  };
  for (auto partition : partitions) {
    claims_.give_up(partition);
    ledger_.disown(partition);
    queue_.abandon({model::topics::scan_tasks, partition});
  }
  ready_.remove_if([&](const views::waiting_task& task) { return gone(task.partition); });
  for (auto& [key, task] : running_) {
    if (gone(task.partition)) cancel_run(task);
  }
  auto runs_there = [&](const auto& running) { return gone(running.second.partition); };
  while (std::ranges::any_of(running_, runs_there))
    co_await run_ended_.wait();
}

awaitable<void> scheduler::hold_back(std::int32_t partition,
                                     std::shared_ptr<const stored_records> records) {
  auto& waiting = disputes_[partition].held_back;
  waiting.insert(waiting.end(), records->begin(), records->end());
  auto too_many = [&] {
    auto place = disputes_.find(partition);
    return place != disputes_.end() && place->second.held_back.size() > most_held_back;
  };
  while (!stop_.requested() && too_many())
    co_await settled_.wait();
}

/// Who claims a partition that the group has not given to him is a ghost, and nobody would look
/// after what it leaves. So whoever has been given it claims it again, but not at once: the group's
/// news may be on their way, and the ghost has to learn that it is one.
awaitable<void> scheduler::settle_disputes() {
  while (!stop_.requested()) {
    if (disputes_.empty()) {
      co_await disputed_.wait();
      continue;
    }
    co_await stop_.pause(std::min(settings_.claim_patience, longest_look_pause));
    auto before = clock_.steady_now() - settings_.claim_patience;
    std::vector<std::int32_t> due;
    for (const auto& [partition, its] : disputes_) {
      if (its.since <= before) due.push_back(partition);
    }
    for (auto partition : due)
      co_await settle(partition);
  }
}

awaitable<void> scheduler::settle(std::int32_t partition) {
  log_.warning("claiming a partition again that another process has claimed",
               {{"partition", static_cast<std::int64_t>(partition)}});
  auto epoch = co_await claims_.claim(partition);
  if (!given_.contains(partition)) {
    claims_.give_up(partition);
    co_return;
  }
  if (!epoch) {
    dispute_over(partition);
    co_return;
  }
  ledger_.own(partition, *epoch);
  // What was held back comes before what comes from now on.
  for (auto its = disputes_.find(partition); its != disputes_.end();
       its = disputes_.find(partition)) {
    auto batch = std::make_shared<const stored_records>(std::exchange(its->second.held_back, {}));
    if (batch->empty()) {
      disputes_.erase(its);
      break;
    }
    bool folded = co_await fold_partition(partition, batch);
    if (folded) continue;
    auto again = disputes_.find(partition);
    if (again == disputes_.end()) co_return;
    auto& waiting = again->second.held_back;
    waiting.insert(waiting.begin(), batch->begin(), batch->end());
    co_return;
  }
  settled_.notify_all();
  look_around();
}

awaitable<void> scheduler::write_again(std::int32_t partition, model::target_key key) {
  auto task = co_await ledger_.load(key);
  bool published = false;
  if (task) {
    change_function same = [](model::scan_task as_it_is) { return as_it_is; };
    published = co_await publish_change(key, partition, std::move(same));
  }
  // A ghost may have been the first to fold a request: then this is the first we hear of the task.
  if (published) look_around();
  ledger_.release(key);
}

}  // namespace sonde::scanner
