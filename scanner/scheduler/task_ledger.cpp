#include "scanner/scheduler/task_ledger.hpp"

#include "model/events.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{5'000};
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
                         const clock& clock, logger& log)
    : queue_(queue), view_(view), clock_(clock), log_(log), loop_(loop), published_(loop) {}

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
  held.task = changed;
  return changed;
}

awaitable<bool> task_ledger::publish(std::vector<model::target_key> keys) {
  in_use meanwhile(*this, keys);
  asio::steady_timer timer(loop_);
  auto pause = first_pause;
  while (true) {
    std::vector<record> batch;
    for (const auto& key : keys) {
      const auto& held = held_[key];
      if (!owns(held.partition) || !held.task) co_return false;
      batch.push_back(to_record(*held.task, clock_.now()));
    }
    auto places = co_await queue_.produce(std::move(batch));
    if (places) {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        held_[keys[i]].published = (*places)[i];
        unseen_.emplace_back((*places)[i], keys[i]);
      }
      published_.notify_all();
      co_return true;
    }
    if (given_up_) co_return false;
    log_.warning("a task could not be published; trying again",
                 {{"reason", places.error().message()}});
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
    pause = std::min(pause * 2, longest_pause);
  }
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
