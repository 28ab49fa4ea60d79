#include "scanner/scheduler/request_intake.hpp"

#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "model/scan/refused_request.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/produce_all.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sonde::scanner {
namespace {

/// Pause before unpublished requests are folded again: the news that another process owns their
/// partition may be on its way.
constexpr std::chrono::milliseconds lost_pause{100};
/// Requests of one partition; beyond it, the intake waits.
constexpr std::size_t most_held_back = 50'000;
constexpr const char* no_room_for_webhooks =
    "its webhooks do not fit the task's snapshot (limits.record_max_bytes), where too many wait; "
    "redrive this letter once they have been sent";

std::vector<std::int32_t> numbers_of(const std::vector<queue::partition_ref>& partitions) {
  std::vector<std::int32_t> out;
  for (const auto& each : partitions)
    out.push_back(each.partition);
  return out;
}

}  // namespace

request_intake::request_intake(scheduler_context context, task_ledger& ledger,
                               partition_leases& leases, folded_function folded)
    : context_(std::move(context)),
      ledger_(ledger),
      leases_(leases),
      folded_(std::move(folded)),
      room_(context_.loop),
      stop_(context_.loop) {}

void request_intake::join_group() {
  consumer_ = context_.queue.join(scanner_group, model::topics::scan_requests);
}

awaitable<result<>> request_intake::consume(assigned_function assigned, revoked_function revoked) {
  queue::consume_handler handler;
  handler.assigned = [&assigned](std::vector<queue::partition_ref> ours) {
    return assigned(numbers_of(ours));
  };
  handler.revoked = [&revoked](queue::revoked gone) {
    return revoked(numbers_of(gone.partitions),
                   gone.lost ? revocation::lost : revocation::announced);
  };
  handler.records = [this](stored_records records) { return fold(std::move(records)); };
  co_return co_await queue::consume(*consumer_, std::move(handler), stop_, context_.log,
                                    "cannot read scan requests");
}

void request_intake::stop() {
  stop_.request();
  consumer_->close();
  room_.notify_all();
}

/// Folds each partition independently: losing one does not delay others.
awaitable<void> request_intake::fold(stored_records records) {
  std::map<std::int32_t, stored_records> by_partition;
  for (auto& one : records)
    by_partition[one.partition].push_back(std::move(one));
  for (auto& [partition, its] : by_partition) {
    auto batch = std::make_shared<const stored_records>(std::move(its));
    co_await fold_assigned(partition, std::move(batch));
  }
}

/// The group does not send a request twice to the same member, so a request that this process may
/// still have to fold must not be dropped.
awaitable<void> request_intake::fold_assigned(std::int32_t partition, shared_records records) {
  bool folded = false;
  while (!folded && !stop_.requested() && leases_.is_assigned(partition)) {
    if (leases_.in_conflict(partition) || held_back_.contains(partition)) {
      co_await hold_back(partition, records);
      co_return;
    }
    folded = co_await fold_partition(partition, records);
    if (!folded) co_await stop_.pause(lost_pause);
  }
}

awaitable<void> request_intake::hold_back(std::int32_t partition, shared_records records) {
  auto& waiting = held_back_[partition];
  waiting.insert(waiting.end(), records->begin(), records->end());
  auto too_many = [this, partition] {
    auto its = held_back_.find(partition);
    return its != held_back_.end() && its->second.size() > most_held_back;
  };
  while (!stop_.requested() && too_many())
    co_await room_.wait();
}

/// Requests that were held back come before new ones.
awaitable<void> request_intake::fold_held_back(std::int32_t partition) {
  // An earlier call may still be folding: it continues under the new lease.
  if (!folding_.insert(partition).second) co_return;
  for (auto its = held_back_.find(partition); its != held_back_.end();
       its = held_back_.find(partition)) {
    auto batch = std::make_shared<const stored_records>(std::exchange(its->second, {}));
    if (batch->empty()) {
      held_back_.erase(its);
      break;
    }
    bool folded = co_await fold_partition(partition, batch);
    if (folded) continue;
    auto again = held_back_.find(partition);
    if (again == held_back_.end()) break;
    again->second.insert(again->second.begin(), batch->begin(), batch->end());
    co_await stop_.pause(lost_pause);
    if (stop_.requested() || leases_.in_conflict(partition)) break;
  }
  folding_.erase(partition);
  room_.notify_all();
}

void request_intake::forget_held_back(const std::vector<std::int32_t>& partitions) {
  for (auto partition : partitions)
    held_back_.erase(partition);
  room_.notify_all();
}

void request_intake::forget_all_held_back() {
  held_back_.clear();
  room_.notify_all();
}

/// Returns false if the partition is not owned or was lost meanwhile; nothing is committed then.
awaitable<bool> request_intake::fold_partition(std::int32_t partition, shared_records records) {
  // Until the lease is held, the view may not show the tasks that the requests refer to.
  if (!ledger_.owns(partition)) co_return false;
  auto term = ledger_.term_of(partition);
  std::vector<model::target_key> changed;
  bool published = true;
  for (const auto& one : *records) {
    bool kept = co_await fold_one(one, changed);
    published = published && kept;
  }
  // One snapshot per key, independent of the number of its folded requests.
  std::set<model::target_key> each_once(changed.begin(), changed.end());
  std::vector<model::target_key> keys(each_once.begin(), each_once.end());
  if (published && !keys.empty()) published = co_await ledger_.publish(keys);
  // A lease of another process may precede the snapshots: then they are void, and its owner has not
  // folded these requests. One wait for the whole batch; it cannot be left out, as a lease that was
  // not read yet is not known.
  if (published) {
    published = co_await leases_.wait_until_read(ledger_.last_published(partition));
  }
  published = published && ledger_.term_of(partition) == term;
  for (const auto& key : keys) {
    auto task = co_await ledger_.load(key, partition);
    if (published && task) folded_(*task, partition);
    ledger_.release(key);
  }
  for (const auto& key : changed)
    ledger_.release(key);
  if (published) co_await commit(std::move(records));
  co_return published;
}

/// Folds one request in memory. The key of a changed task is added to `changed` and stays loaded.
/// Returns false if a dead letter could not be written.
///
/// A task that has folded the request already is published again, unless its snapshot is stored
/// under the present lease: a former owner's snapshot may be late, and a change of this process may
/// not be stored yet.
awaitable<bool> request_intake::fold_one(queue::stored_record one,
                                         std::vector<model::target_key>& changed) {
  bool kept = true;
  auto request = model::parse_scan_request(one.what.value);
  if (!request) {
    auto why = request.error().message();
    kept = co_await dead_letter(one, "parse", why);
    auto refused = co_await refused_request(one, std::move(why));
    if (!refused) co_return kept;
    request = std::move(*refused);
  }
  auto task = co_await ledger_.load(request->key, one.partition);
  bool is_folded = task && task->folded >= one.offset;
  bool is_done = is_folded && ledger_.is_recorded(request->key);
  if (is_done || !model::concerns(task, *request)) {
    ledger_.release(request->key);
    co_return kept;
  }
  const auto& bounds = context_.view_bounds;
  model::fold_bounds most(bounds.task_generations, bounds.record_max_bytes);
  if (!is_folded && model::leaves_out_webhooks(task, *request, one.offset, most)) {
    bool lettered = co_await dead_letter(one, "process", no_room_for_webhooks);
    kept = kept && lettered;
  }
  auto become = [&](std::optional<model::scan_task> before) {
    return model::fold(std::move(before), *request, one.offset, most);
  };
  ledger_.change(request->key, one.partition, become);
  changed.push_back(request->key);
  co_return kept;
}

awaitable<void> request_intake::commit(shared_records records) {
  auto positions = queue::positions_after(*records);
  auto committed = co_await consumer_->commit(std::move(positions));
  if (committed) co_return;
  // The requests are read again and then change nothing.
  context_.log.warning("folded requests not committed; they are read again",
                       {{"reason", committed.error().message()}});
}

/// Ends the generation that an unreadable request names, if that can be read.
awaitable<std::optional<model::scan_request>> request_intake::refused_request(
    queue::stored_record one, std::string why) {
  model::target_key key(one.what.key);
  auto task = co_await ledger_.load(key, one.partition);
  std::uint64_t known = task ? task->current.number : 0;
  if (task && task->next) known = std::max(known, task->next->generation);
  ledger_.release(key);
  co_return model::read_refused_request(one.what, why, known, context_.time.now());
}

/// Returns false if the queue accepts no more records; the request must not be committed then.
awaitable<bool> request_intake::dead_letter(queue::stored_record record, std::string stage,
                                            std::string why) {
  context_.log.error("scan request cannot be processed; writing it to the dead-letter topic",
                     {{"partition", record.partition}, {"offset", record.offset}, {"reason", why}});
  model::record_place from{record.what.topic, record.partition, record.offset};
  std::vector<sonde::record> batch;
  batch.push_back(model::to_dead_letter(std::move(record.what), std::move(from), std::move(stage),
                                        std::move(why), context_.view_bounds.record_max_bytes));
  auto written = co_await queue::produce_all(context_.queue, std::move(batch), stop_, context_.log,
                                             "cannot write a dead letter");
  co_return bool(written);
}

}  // namespace sonde::scanner
