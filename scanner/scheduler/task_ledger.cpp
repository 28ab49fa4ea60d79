#include "scanner/scheduler/task_ledger.hpp"

#include "base/async/retry.hpp"
#include "base/record_size.hpp"
#include "model/events.hpp"
#include "model/scan/task_fitting.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/errc.hpp"
#include "queue/produce_all.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;

constexpr retry_policy publish_retries{milliseconds(100), milliseconds(5'000)};
/// The largest part of a batch of snapshots, as a divisor of
/// `queue::limits::produce_pending_bytes`.
constexpr std::size_t part_share = 4;
/// Time after which the view is queried again, in case it is being rebuilt.
constexpr std::chrono::seconds view_patience{30};

}  // namespace

/// Keeps tasks in memory while this object lives.
class task_ledger::in_use {
 public:
  in_use(task_ledger& ledger, const std::vector<model::target_key>& keys)
      : ledger_(ledger), keys_(keys) {
    for (const auto& key : keys_)
      ++ledger_.held_[key].users;
  }
  ~in_use() {
    for (const auto& key : keys_)
      ledger_.release(key);
  }
  in_use(const in_use&) = delete;
  in_use& operator=(const in_use&) = delete;

 private:
  task_ledger& ledger_;
  const std::vector<model::target_key>& keys_;
};

task_ledger::task_ledger(scheduler_context context)
    : context_(std::move(context)), published_(context_.loop), abandoned_(context_.loop) {}

void task_ledger::own(std::int32_t partition, std::uint64_t epoch) {
  epochs_[partition] = epoch;
}

/// Ends ownership: other owners write there from now on, so the tasks in memory are stale and their
/// unpublished changes are void.
void task_ledger::disown(std::int32_t partition) {
  epochs_.erase(partition);
  ++terms_[partition];
  for (auto& [key, held] : held_) {
    if (held.partition != partition) continue;
    held.published.reset();
    held.stale = true;
  }
  std::erase_if(held_, [partition](const auto& each) {
    return each.second.partition == partition && each.second.users == 0;
  });
}

std::vector<std::int32_t> task_ledger::owned() const {
  std::vector<std::int32_t> out;
  for (const auto& [partition, epoch] : epochs_)
    out.push_back(partition);
  return out;
}

std::uint64_t task_ledger::term_of(std::int32_t partition) const {
  auto its = terms_.find(partition);
  return its == terms_.end() ? 0 : its->second;
}

awaitable<std::optional<model::scan_task>> task_ledger::load(model::target_key key,
                                                             std::int32_t partition) {
  ++held_[key].users;
  held_[key].partition = partition;
  if (!held_[key].task || held_[key].stale) {
    auto stored = co_await context_.view.snapshot(key);
    auto& held = held_[key];
    // The view may be behind, and a run that is being cancelled may still use the old state.
    if (held.stale && held.task && !stored && !owns(partition)) co_return std::nullopt;
    // Another coroutine may have loaded and changed it meanwhile.
    if (!held.task || held.stale) {
      held.recorded = stored ? stored->version : model::task_version();
      held.task = std::move(stored);
    }
    held.stale = !owns(partition);
  }
  co_return held_[key].task;
}

bool task_ledger::is_recorded(const model::target_key& key) const {
  const auto& held = held_.at(key);
  auto owner = epochs_.find(held.partition);
  bool is_own = owner != epochs_.end() && held.recorded.epoch == owner->second;
  return is_own && !held.stale && held.task->version == held.recorded;
}

void task_ledger::release(const model::target_key& key) {
  --held_[key].users;
  drop_if_unused(key);
}

void task_ledger::drop_if_unused(const model::target_key& key) {
  auto place = held_.find(key);
  if (place == held_.end()) return;
  if (place->second.users == 0 && !place->second.published) held_.erase(place);
}

model::scan_task task_ledger::change(
    const model::target_key& key, std::int32_t partition,
    const std::function<model::scan_task(std::optional<model::scan_task>)>& how) {
  auto& held = held_[key];
  held.partition = partition;
  auto revision = held.task ? held.task->version.revision : 0;
  auto changed = how(std::move(held.task));
  auto owner = epochs_.find(partition);
  changed.version = {owner == epochs_.end() ? 0 : owner->second, revision + 1};
  held.task = model::fitted(std::move(changed), context_.view_bounds.record_max_bytes);
  return *held.task;
}

awaitable<bool> task_ledger::publish(std::vector<model::target_key> keys) {
  in_use meanwhile(*this, keys);
  auto outcome = co_await publish_together(keys);
  if (outcome || !queue::blames_the_record(outcome.error())) co_return bool(outcome);
  // Publishes each one separately, so that a task that cannot be recorded does not delay others.
  bool all = true;
  for (const auto& key : keys) {
    std::vector<model::target_key> one{key};
    outcome = co_await publish_together(std::move(one));
    if (!outcome && queue::blames_the_record(outcome.error())) {
      outcome = co_await publish_reduced(key, outcome.error());
    }
    all = all && bool(outcome);
  }
  co_return all;
}

awaitable<result<>> task_ledger::publish_together(std::vector<model::target_key> keys) {
  std::function<awaitable<result<>>()> once = [this, keys = std::move(keys)] {
    return write(keys);
  };
  co_return co_await retry(publish_retries, abandoned_, context_.log, "cannot publish a task",
                           std::move(once));
}

/// Writes these tasks as they are now, as another change may have been made since the last try.
/// Writes in parts, as all together may exceed what the queue can hold.
awaitable<result<>> task_ledger::write(std::vector<model::target_key> keys) {
  auto most = context_.view_bounds.produce_pending_bytes / part_share;
  for (std::size_t next = 0; next < keys.size();) {
    std::vector<record> batch;
    std::vector<model::task_version> versions;
    std::size_t bytes = 0;
    auto begin = next;
    for (; next < keys.size(); ++next) {
      const auto& held = held_[keys[next]];
      if (!owns(held.partition) || !held.task || held.stale) {
        void_changes(keys);
        co_return fail(queue::errc::not_owned);
      }
      auto one = to_record(*held.task, context_.time.now());
      bytes += size_of(one);
      if (!batch.empty() && bytes > most) break;
      batch.push_back(std::move(one));
      versions.push_back(held.task->version);
    }
    auto places = co_await context_.queue.produce(std::move(batch));
    if (!places) co_return places.error();
    for (std::size_t i = 0; i < places->size(); ++i) {
      auto& held = held_[keys[begin + i]];
      // A slow batch may be acknowledged after a later one.
      held.published = std::max(held.published, std::optional((*places)[i]));
      held.recorded = std::max(held.recorded, versions[i]);
      unseen_.emplace_back((*places)[i], keys[begin + i]);
      auto& last = last_published_[(*places)[i].partition];
      last = std::max(last, (*places)[i]);
    }
    published_.notify_all();
  }
  co_return result<>();
}

queue::position task_ledger::last_published(std::int32_t partition) const {
  auto its = last_published_.find(partition);
  return its == last_published_.end() ? queue::position() : its->second;
}

/// Makes the next `load` read the tasks of partitions that are not owned from the view.
void task_ledger::void_changes(const std::vector<model::target_key>& keys) {
  for (const auto& key : keys) {
    auto& held = held_[key];
    if (!owns(held.partition)) held.stale = true;
  }
}

/// Last resort: snapshots are built to fit. What still does not fit is only logged.
awaitable<result<>> task_ledger::publish_reduced(model::target_key key, error why) {
  context_.log.error("task cannot be recorded; ending it",
                     {{"key", key.str()}, {"reason", why.message()}});
  change(key, held_[key].partition, [&](std::optional<model::scan_task> task) {
    return model::reduced(std::move(*task), why.message(), context_.time.now());
  });
  std::vector<model::target_key> one{key};
  auto outcome = co_await publish_together(std::move(one));
  if (outcome || !queue::blames_the_record(outcome.error())) co_return outcome;
  context_.log.error("task cannot be recorded; dropping it",
                     {{"key", key.str()}, {"reason", outcome.error().message()}});
  co_return result<>();
}

bool task_ledger::knows_as_ended(const model::target_key& key) const {
  auto held = held_.find(key);
  if (held == held_.end() || !held->second.task) return false;
  const auto& task = *held->second.task;
  return model::is_terminal(task.current.state) && !task.next;
}

std::vector<queue::position> task_ledger::unseen() const {
  std::map<std::int32_t, queue::position> last;
  for (const auto& each : unseen_)
    last[each.first.partition] = std::max(last[each.first.partition], each.first);
  std::vector<queue::position> out;
  for (auto& each : last)
    out.push_back(std::move(each.second));
  return out;
}

void task_ledger::stop() {
  stopping_ = true;
  published_.notify_all();
}

awaitable<void> task_ledger::forget_what_is_seen() {
  while (!stopping_) {
    if (unseen_.empty()) {
      co_await published_.wait();
      continue;
    }
    // The view folds a partition in order: when it shows the last record, it shows all.
    auto count = unseen_.size();
    bool seen = true;
    for (const auto& place : unseen()) {
      auto until = context_.time.steady_now() + view_patience;
      bool folded = co_await context_.view.wait_until_folded(place, until);
      seen = seen && folded;
    }
    if (!seen) continue;
    for (; count > 0; --count) {
      forget(unseen_.front().first, unseen_.front().second);
      unseen_.pop_front();
    }
  }
}

void task_ledger::forget(const queue::position& place, const model::target_key& key) {
  auto held = held_.find(key);
  if (held == held_.end() || held->second.published != place) return;
  held->second.published.reset();
  drop_if_unused(key);
}

}  // namespace sonde::scanner
