#include "tests/scanner/simulated_scheduler.hpp"

#include "model/scan/task_fold.hpp"

#include <algorithm>
#include <utility>

namespace sonde::test {
namespace {

using scanner::lease_action;
using scanner::ownership;
using scanner::run_start;

constexpr std::chrono::milliseconds simulated_patience{1'000};
constexpr std::uint32_t simulated_attempts = 10;
constexpr std::uint32_t simulated_history = 16;
constexpr wall_time simulated_time{std::chrono::seconds(1'767'323'045)};

}  // namespace

simulated_scheduler::simulated_scheduler(std::string id, simulated_log& log, dice& random,
                                         commit_rule rule)
    : id_(std::move(id)),
      log_(log),
      random_(random),
      rule_(rule),
      lease_(id_, simulated_patience),
      read_(log.tasks.size()) {}

void simulated_scheduler::assigned() {
  next_request_ = log_.committed;
  perform(lease_.assigned());
}

void simulated_scheduler::revoked(scanner::revocation how) {
  perform(lease_.revoked(how));
}

bool simulated_scheduler::tick(steady_time now) {
  now_ = now;
  auto what = lease_.tick(now);
  perform(what);
  return what != lease_action::none;
}

void simulated_scheduler::perform(lease_action what) {
  switch (what) {
    case lease_action::acquire: acquire(); break;
    case lease_action::release: release(); break;
    case lease_action::hold: hold(); break;
    case lease_action::fold:
      catch_up_to_ = std::max(static_cast<std::size_t>(lease_.catch_up_offset()) + 1, read_);
      break;
    default: break;  // `fold_view` looks for the others
  }
}

void simulated_scheduler::hold() {
  log_.terms[lease_.epoch()] = id_ + "/" + std::to_string(term_);
  auto keys = std::exchange(overwritten_, {});
  keys.insert(not_last_.begin(), not_last_.end());
  for (const auto& key : keys)
    rewrite(key);
}

void simulated_scheduler::acquire() {
  writes_.push_back({{id_, nullptr}, {}, nullptr});
}

/// Ends the ownership: the tasks in memory are stale. A write in flight may still be stored, but
/// no caller waits for it.
void simulated_scheduler::release() {
  ++term_;
  for (auto& each : held_) {
    each.second.stale = true;
    each.second.published = -1;
  }
  std::erase_if(held_, [](const auto& each) { return each.second.users == 0; });
  std::deque<pending_write> left;
  for (auto& each : std::exchange(writes_, {})) {
    if (each.key.empty()) {
      left.push_back(std::move(each));
    } else {
      if (random_.chance(50)) left.push_back({each.record, each.key, nullptr});
      if (each.then) each.then(false);
    }
  }
  for (auto& each : writes_)
    left.push_back(std::move(each));
  writes_ = std::move(left);
  while (!runs_.empty())
    end_run(model::target_key(runs_.begin()->first));
  finish_fold();
}

bool simulated_scheduler::read_topic() {
  if (read_ == log_.tasks.size()) return false;
  auto offset = static_cast<std::int64_t>(read_++);
  const auto& record = log_.tasks[static_cast<std::size_t>(offset)];
  if (record.task) {
    take_snapshot(offset, *record.task);
  } else {
    auto owner = record.owner;
    perform(lease_.lease_seen(offset, owner, now_));
  }
  finish_fold();
  return true;
}

void simulated_scheduler::take_snapshot(std::int64_t offset, const model::scan_task& task) {
  auto key = task.key;
  auto what = lease_.write_seen(task.version.epoch);
  if (what == lease_action::none) return;
  if (what == lease_action::rewrite_after_hold) overwritten_.insert(key);
  while (viewed_ <= static_cast<std::size_t>(offset))
    fold_view();
  if (what == lease_action::rewrite) rewrite(key);
}

bool simulated_scheduler::fold_view() {
  if (viewed_ < log_.tasks.size()) {
    const auto& task = log_.tasks[viewed_].task;
    if (task) {
      auto& shown = view_[task->key];
      if (!shown || model::supersedes(*task, *shown)) {
        shown = task;
        not_last_.erase(task->key);
      } else {
        not_last_.insert(task->key);
      }
      auto held = held_.find(task->key);
      if (held != held_.end() && held->second.published == static_cast<std::int64_t>(viewed_)) {
        held->second.published = -1;
        if (held->second.users == 0) held_.erase(held);
      }
    }
    ++viewed_;
  } else if (lease_.catch_up_offset() < 0) {
    return false;
  }
  auto offset = lease_.catch_up_offset();
  bool caught_up = offset >= 0 && viewed_ >= catch_up_to_;
  if (caught_up) perform(lease_.caught_up(offset));
  return true;
}

void simulated_scheduler::rewrite(const model::target_key& key) {
  if (!lease_.holds()) return;
  if (!load(key)) return unlock(key);
  change(key, [](std::optional<model::scan_task> task) { return *task; });
  publish(key, [this, key](bool) { unlock(key); });
}

std::optional<model::scan_task> simulated_scheduler::load(const model::target_key& key) {
  auto& held = held_[key];
  ++held.users;
  if (!held.task || held.stale) {
    auto shown = view_.find(key);
    held.task.reset();
    if (shown != view_.end()) held.task = *shown->second;
    held.recorded = held.task ? held.task->version : model::task_version();
    held.stale = false;
  }
  return held.task;
}

void simulated_scheduler::unlock(const model::target_key& key) {
  auto held = held_.find(key);
  if (held == held_.end()) return;
  --held->second.users;
  if (held->second.users <= 0 && held->second.published < 0) held_.erase(held);
}

void simulated_scheduler::change(const model::target_key& key, const change_function& how) {
  auto& held = held_.at(key);
  auto revision = held.task ? held.task->version.revision : 0;
  auto changed = how(std::move(held.task));
  changed.version = {lease_.epoch(), revision + 1};
  held.task = std::move(changed);
}

void simulated_scheduler::publish(const model::target_key& key, published_function then) {
  if (!submit(key, then)) then(false);
}

/// Writes the task as it is now. Returns false if this process does not own it.
bool simulated_scheduler::submit(const model::target_key& key, published_function then) {
  auto& held = held_.at(key);
  if (!lease_.holds() || held.stale) {
    held.stale = true;
    return false;
  }
  auto snapshot = std::make_shared<const model::scan_task>(*held.task);
  writes_.push_back({{"", std::move(snapshot)}, key, std::move(then)});
  return true;
}

bool simulated_scheduler::write(write_fate fate) {
  if (writes_.empty()) return false;
  auto one = std::move(writes_.front());
  writes_.pop_front();
  if (fate != write_fate::failed) log_.tasks.push_back(one.record);
  auto offset = static_cast<std::int64_t>(log_.tasks.size()) - 1;
  bool is_lease = one.record.task == nullptr;
  if (fate != write_fate::stored) {
    if (is_lease) {
      writes_.push_back(std::move(one));
    } else if (one.then && !submit(one.key, one.then)) {
      one.then(false);
    }
    return true;
  }
  if (is_lease) {
    perform(lease_.lease_published(offset, now_));
  } else if (one.then) {
    auto& held = held_.at(one.key);
    held.published = offset;
    held.recorded = std::max(held.recorded, one.record.task->version);
    one.then(true);
  }
  return true;
}

bool simulated_scheduler::fold_request() {
  bool may = lease_.is_assigned() && !lease_.in_conflict() && lease_.holds() && !fold_;
  if (!may || next_request_ == static_cast<std::int64_t>(log_.requests.size())) return false;
  auto offset = next_request_;
  const auto& request = log_.requests[static_cast<std::size_t>(offset)];
  auto task = load(request.key);
  // A request that was folded is published again unless the snapshot is stored under this lease.
  auto recorded = held_.at(request.key).recorded;
  bool is_recorded = task && task->version == recorded && recorded.epoch == lease_.epoch();
  bool is_done = task && task->folded >= offset && is_recorded;
  if (is_done || !model::concerns(task, request)) {
    unlock(request.key);
    commit(offset);
    return true;
  }
  change(request.key, [&](std::optional<model::scan_task> before) {
    return model::fold(std::move(before), request, offset, simulated_history);
  });
  fold_ = open_fold{request.key, offset, term_, -1};
  publish(request.key, [this](bool published) { fold_published(published); });
  return true;
}

void simulated_scheduler::fold_published(bool published) {
  if (published) {
    fold_->stored = held_.at(fold_->key).published;
    finish_fold();
  } else {
    unlock(fold_->key);
    fold_.reset();
  }
}

/// Commits a published request once no earlier lease of another process can be unread.
void simulated_scheduler::finish_fold() {
  if (!fold_ || fold_->stored < 0) return;
  bool valid = fold_->term == term_;
  bool read = rule_ == commit_rule::at_once || static_cast<std::int64_t>(read_) > fold_->stored;
  if (valid && !read) return;
  auto done = *std::exchange(fold_, std::nullopt);
  if (valid) on_folded(done.key);
  unlock(done.key);
  if (valid) commit(done.request);
}

/// The group accepts only the commits of its member.
void simulated_scheduler::commit(std::int64_t request) {
  next_request_ = request + 1;
  if (log_.member == id_) log_.committed = std::max(log_.committed, request + 1);
}

void simulated_scheduler::on_folded(const model::target_key& key) {
  auto its = runs_.find(key);
  if (its != runs_.end() && !held_.at(key).task->cancelled_by.empty()) its->second.cancelled = true;
}

/// Looks for a task that can run, in memory and in the view.
bool simulated_scheduler::dispatch() {
  if (!lease_.holds()) return false;
  std::vector<model::target_key> ready;
  for (const auto& [key, shown] : view_) {
    auto held = held_.find(key);
    bool in_memory = held != held_.end() && held->second.task && !held->second.stale;
    const auto* task = in_memory ? &*held->second.task : shown.get();
    auto start = scanner::start_of(task, ownership::ours, simulated_attempts);
    if (start != run_start::nothing && !runs_.contains(key)) ready.push_back(key);
  }
  if (ready.empty()) return false;
  begin(ready[random_.roll(ready.size())]);
  return true;
}

void simulated_scheduler::begin(const model::target_key& key) {
  runs_[key] = {};
  auto task = load(key);
  auto whose = lease_.holds() ? ownership::ours : ownership::lost;
  switch (scanner::start_of(task ? &*task : nullptr, whose, simulated_attempts)) {
    case run_start::nothing: end_run(key); break;
    case run_start::promote: promote(key); break;
    case run_start::cancelled: finish(key, model::cancelled_by(task->cancelled_by)); break;
    case run_start::give_up: finish(key, {model::outcome_kind::attempts, "stalled"}); break;
    case run_start::attempt: attempt(key); break;
  }
}

void simulated_scheduler::attempt(const model::target_key& key) {
  change(key, [](std::optional<model::scan_task> task) {
    return model::started(std::move(*task), simulated_time);
  });
  publish(key, [this, key](bool published) {
    if (!published) return end_run(key);
    runs_.at(key).phase = run_phase::probing;
  });
}

bool simulated_scheduler::end_probes() {
  auto probing = [](const auto& each) { return each.second.phase == run_phase::probing; };
  auto its = std::ranges::find_if(runs_, probing);
  if (its == runs_.end()) return false;
  auto key = its->first;
  its->second.phase = run_phase::publishing;
  bool complete = !its->second.cancelled && random_.chance(70);
  auto reached = complete ? scanner::completeness::complete : scanner::completeness::interrupted;
  const auto& task = *held_.at(key).task;
  auto whose = lease_.holds() ? ownership::ours : ownership::lost;
  switch (scanner::end_of(task, whose, reached)) {
    case scanner::run_end::nothing: end_run(key); break;
    case scanner::run_end::finish:
      finish(key, {model::outcome_kind::complete, "end " + std::to_string(++log_.ends)});
      break;
    case scanner::run_end::cancelled: finish(key, model::cancelled_by(task.cancelled_by)); break;
    case scanner::run_end::put_back:
      change(key, [](std::optional<model::scan_task> before) {
        return model::put_back(std::move(*before));
      });
      publish(key, [this, key](bool) { end_run(key); });
      break;
  }
  return true;
}

void simulated_scheduler::finish(const model::target_key& key, model::outcome how) {
  change(key, [&how](std::optional<model::scan_task> task) {
    return model::ended(std::move(*task), how, simulated_time);
  });
  publish(key, [this, key](bool published) {
    if (!published) return end_run(key);
    promote(key);
  });
}

void simulated_scheduler::promote(const model::target_key& key) {
  if (!held_.at(key).task->next) return end_run(key);
  change(key, [](std::optional<model::scan_task> task) {
    return model::promoted(std::move(*task), simulated_history);
  });
  publish(key, [this, key](bool) { end_run(key); });
}

void simulated_scheduler::end_run(const model::target_key& key) {
  if (runs_.erase(key) > 0) unlock(key);
}

/// Publishes the messages of one task, then its snapshot without them.
bool simulated_scheduler::publish_outbox() {
  if (!lease_.holds()) return false;
  for (const auto& [key, shown] : view_) {
    if (shown->pending.empty()) continue;
    auto task = load(key);
    if (task->pending.empty()) {
      unlock(key);
      continue;
    }
    std::vector<model::delivery_id> messages;
    for (const auto& pending : task->pending)
      messages.push_back(pending.id());
    log_.messages.insert(messages.begin(), messages.end());
    change(key, [&](std::optional<model::scan_task> before) {
      return model::handed_over(std::move(*before), messages);
    });
    publish(key, [this, key = key](bool) { unlock(key); });
    return true;
  }
  return false;
}

std::vector<simulated_record> simulated_scheduler::crash() {
  std::vector<simulated_record> out;
  for (auto& each : writes_)
    out.push_back(std::move(each.record));
  return out;
}

}  // namespace sonde::test
