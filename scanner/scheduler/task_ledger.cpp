#include "scanner/scheduler/task_ledger.hpp"

#include "base/async/retry.hpp"
#include "base/record_size.hpp"
#include "model/events.hpp"
#include "model/task_fitting.hpp"
#include "model/task_fold.hpp"
#include "queue/errc.hpp"
#include "queue/produce_all.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;

constexpr retry_policy publish_retries{milliseconds(100), milliseconds(5'000)};
/// Of `limits::produce_pending_bytes`, what one part of a batch of snapshots takes at the most.
constexpr std::size_t part_share = 4;
/// The view is asked again after this long, in case it is being rebuilt.
constexpr std::chrono::seconds view_patience{30};

}  // namespace

/// Keeps tasks in memory for as long as it is there.
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

task_ledger::task_ledger(executor loop, queue::backend& queue, views::task_view& view,
                         const limits& limits, const clock& clock, logger& log)
    : queue_(queue),
      view_(view),
      limits_(limits),
      clock_(clock),
      log_(log),
      loop_(loop),
      published_(loop),
      given_up_(loop) {}

void task_ledger::own(std::int32_t partition, std::uint64_t epoch) {
  epochs_[partition] = epoch;
}

/// Other owners write there from now on: what is in memory is true no longer, and what of it was
/// not published has not happened.
void task_ledger::disown(std::int32_t partition) {
  epochs_.erase(partition);
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

awaitable<std::optional<model::scan_task>> task_ledger::load(model::target_key key) {
  ++held_[key].users;
  if (!held_[key].task || held_[key].stale) {
    auto stored = co_await view_.snapshot(key);
    auto& held = held_[key];
    // Somebody else may have loaded it, and changed it, meanwhile.
    if (!held.task || held.stale) held.task = std::move(stored);
    held.stale = false;
  }
  co_return held_[key].task;
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
  held.task = model::fitted(std::move(changed), limits_.record_max_bytes);
  return *held.task;
}

awaitable<bool> task_ledger::publish(std::vector<model::target_key> keys) {
  in_use meanwhile(*this, keys);
  auto outcome = co_await publish_together(keys);
  if (outcome || !queue::blames_the_record(outcome.error())) co_return bool(outcome);
  // Each for itself, so that the one that cannot be recorded holds up no other.
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
  co_return co_await retry(publish_retries, given_up_, log_, "a task could not be published",
                           std::move(once));
}

/// These tasks as they are at this moment: another change may have come since the last try. In
/// parts, as all together may be more than the queue ever lets wait.
awaitable<result<>> task_ledger::write(std::vector<model::target_key> keys) {
  auto most = limits_.produce_pending_bytes / part_share;
  for (std::size_t next = 0; next < keys.size();) {
    std::vector<record> batch;
    std::size_t bytes = 0;
    auto begin = next;
    for (; next < keys.size(); ++next) {
      const auto& held = held_[keys[next]];
      if (!owns(held.partition) || !held.task) co_return fail(queue::errc::not_owned);
      auto one = to_record(*held.task, clock_.now());
      bytes += size_of(one);
      if (!batch.empty() && bytes > most) break;
      batch.push_back(std::move(one));
    }
    auto places = co_await queue_.produce(std::move(batch));
    if (!places) co_return places.error();
    for (std::size_t i = 0; i < places->size(); ++i) {
      held_[keys[begin + i]].published = (*places)[i];
      unseen_.emplace_back((*places)[i], keys[begin + i]);
    }
    published_.notify_all();
  }
  co_return result<>();
}

/// The last resort: snapshots are built to fit. What does not fit even so is only in the log.
awaitable<result<>> task_ledger::publish_reduced(model::target_key key, error why) {
  log_.error("a task cannot be recorded and is ended",
             {{"key", key.str()}, {"reason", why.message()}});
  change(key, held_[key].partition, [&](std::optional<model::scan_task> task) {
    return model::reduced(std::move(*task), why.message(), clock_.now());
  });
  std::vector<model::target_key> one{key};
  auto outcome = co_await publish_together(std::move(one));
  if (outcome || !queue::blames_the_record(outcome.error())) co_return outcome;
  log_.error("a task cannot be recorded and is dropped",
             {{"key", key.str()}, {"reason", outcome.error().message()}});
  co_return result<>();
}

bool task_ledger::knows_as_ended(const model::target_key& key) const {
  auto held = held_.find(key);
  return held != held_.end() && held->second.task &&
         model::is_terminal(held->second.task->current.state);
}

std::vector<queue::position> task_ledger::unseen() const {
  std::map<std::int32_t, queue::position> last;
  for (const auto& each : unseen_)
    last[each.first.partition] = each.first;
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
    // The view folds a partition in order: when it shows the last of these, it shows all.
    auto count = unseen_.size();
    bool seen = true;
    for (const auto& place : unseen()) {
      auto until = clock_.steady_now() + view_patience;
      bool folded = co_await view_.wait_until_folded(place, until);
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
