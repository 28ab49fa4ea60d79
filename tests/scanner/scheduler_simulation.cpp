#include "tests/scanner/scheduler_simulation.hpp"

#include "model/scan/task_fold.hpp"
#include "tests/scanner/scheduler_fixture.hpp"

#include <algorithm>
#include <array>

namespace sonde::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t simulated_targets = 3;
constexpr std::size_t simulated_processes = 3;
constexpr int disturbances = 250;
/// Rounds without a disturbance, of 200 ms each: more than any sequence of events needs.
constexpr int most_rounds = 2'000;
/// Idle rounds after which the processes are at rest: longer than the patience in a conflict.
constexpr int rounds_at_rest = 10;

/// A first request for one of the targets. Keys are hashes, so they are made once.
const model::scan_request& request_for(std::size_t target) {
  static const std::array<model::scan_request, simulated_targets> all{
      scan_of("203.0.113.1", "80"), scan_of("203.0.113.2", "80"), scan_of("203.0.113.3", "80")};
  return all.at(target);
}

model::webhook simulated_hook(std::uint64_t number) {
  return {"hook-" + std::to_string(number), "https://hooks.example.com:443", "encrypted"};
}

/// Follows the leases of a log. An owner that takes its lease again stays the owner, and what it
/// writes under any lease of this term counts. After a process has lost the partition, it is a
/// fenced owner of its next term, like any other process: its writes in flight are late.
class lease_history {
 public:
  explicit lease_history(const simulated_log& log) : log_(log) {}

  void take(std::int64_t offset) {
    auto epoch = scanner::epoch_at(offset);
    auto term = log_.terms.find(epoch);
    first_epoch_ = epoch;
    if (term != log_.terms.end()) {
      first_epoch_ = first_epochs_.try_emplace(term->second, epoch).first->second;
    }
  }
  /// Tells whether a record that follows was written by the owner.
  [[nodiscard]] bool is_valid(const model::scan_task& task) const {
    return task.version.epoch >= first_epoch_;
  }
  /// Returns the epoch of the owner's first lease.
  [[nodiscard]] std::uint64_t first_epoch() const { return first_epoch_; }

 private:
  const simulated_log& log_;
  std::map<std::string, std::uint64_t> first_epochs_;  ///< by term
  std::uint64_t first_epoch_ = 0;
};

/// Follows the log and knows which records were written by the owner of their time.
class log_audit {
 public:
  explicit log_audit(const simulated_log& log) : leases_(log) {}

  void take(std::int64_t offset, const simulated_record& record) {
    if (record.task == nullptr) {
      leases_.take(offset);
      return;
    }
    const auto& task = *record.task;
    auto& shown = shown_[task.key];
    if (!shown || model::supersedes(task, *shown)) shown = record.task;
    if (leases_.is_valid(task)) take_valid(record.task);
    last_[task.key] = record.task;
    last_place_[task.key] = offset;
  }

  [[nodiscard]] std::string at_rest(const simulated_log& log) const {
    if (!violation_.empty()) return violation_;
    if (log.committed != static_cast<std::int64_t>(log.requests.size()))
      return "uncommitted requests";
    for (const auto& request : log.requests) {
      auto found = shown_.find(request.key);
      if (found == shown_.end()) return "a request without a task";
      auto why = unserved(*found->second, request, log);
      if (!why.empty()) return why + " " + request.id().str();
    }
    for (const auto& [key, task] : last_) {
      if (task->version != shown_.at(key)->version) return "compaction would keep an old record";
      bool is_recent = scanner::epoch_at(last_place_.at(key)) > leases_.first_epoch();
      if (is_recent && !leases_.is_valid(*task)) return "the last record is a fenced owner's";
    }
    return {};
  }

 private:
  using generation_place = std::pair<model::target_key, std::uint64_t>;

  void take_valid(const task_pointer& task) {
    auto& before = valid_[task->key];
    if (before && task->version < before->version) violation_ = "an owner wrote an old revision";
    if (before && task->folded < before->folded) violation_ = "an owner forgot a request";
    before = task;
    for (const auto& generation : task->history)
      take_generation(task->key, generation);
    take_generation(task->key, task->current);
  }

  void take_generation(const model::target_key& key, const model::task_generation& its) {
    auto ended = ends_.find({key, its.number});
    if (!model::is_terminal(its.state)) {
      if (ended != ends_.end()) violation_ = "a scan ran again after its end";
    } else if (ended == ends_.end()) {
      ends_[{key, its.number}] = *its.outcome;
    } else if (ended->second != *its.outcome) {
      violation_ = "a scan ended twice";
    }
  }

  static std::string unserved(const model::scan_task& task, const model::scan_request& request,
                              const simulated_log& log) {
    if (task.next) return "a generation was not promoted";
    if (!model::is_terminal(task.current.state)) return "a scan did not end";
    if (!task.pending.empty()) return "an outbox was not published";
    bool known = task.current.number == request.generation;
    for (const auto& past : task.history)
      known = known || past.number == request.generation;
    if (!known) return "a generation is lost";
    for (const auto& hook : request.webhooks) {
      if (!log.messages.contains(model::delivery_id_of(request.id(), hook.id))) {
        return "a webhook is lost";
      }
    }
    return {};
  }

  lease_history leases_;
  std::map<model::target_key, task_pointer> shown_;
  std::map<model::target_key, task_pointer> valid_;
  std::map<generation_place, model::outcome> ends_;
  std::map<model::target_key, task_pointer> last_;  ///< the last record of each task
  std::map<model::target_key, std::int64_t> last_place_;
  std::string violation_;
};

}  // namespace

std::string violation_of(const simulated_log& log) {
  log_audit audit(log);
  for (std::size_t i = 0; i < log.tasks.size(); ++i)
    audit.take(static_cast<std::int64_t>(i), log.tasks[i]);
  return audit.at_rest(log);
}

scheduler_simulation::scheduler_simulation(std::uint64_t seed, commit_rule rule)
    : random_(seed), rule_(rule), requests_left_(4 + random_.roll(8)) {
  for (std::size_t i = 0; i < simulated_processes; ++i)
    processes_.push_back({start(), {}});
  log_.member = processes_[member_].it->id();
  processes_[member_].events.push_back(group_event::assigned);
}

std::unique_ptr<simulated_scheduler> scheduler_simulation::start() {
  auto id = "process-" + std::to_string(++started_);
  return std::make_unique<simulated_scheduler>(std::move(id), log_, random_, rule_);
}

std::string scheduler_simulation::run() {
  post_request();
  for (int i = 0; i < disturbances; ++i)
    disturb();
  while (requests_left_ > 0)
    post_request();
  for (auto half = zombies_.size() / 2; half > 0; --half)
    store_late_write();
  settle();
  while (!zombies_.empty())
    store_late_write();
  settle();
  return violation_of(log_);
}

scheduler_simulation::process& scheduler_simulation::any_process() {
  return processes_[random_.roll(processes_.size())];
}

void scheduler_simulation::disturb() {
  auto roll = random_.roll(100);
  if (roll < 4) {
    post_request();
  } else if (roll < 6) {
    rebalance();
  } else if (roll < 7) {
    crash(any_process());
  } else if (roll < 9) {
    store_late_write();
  } else if (roll < 20) {
    take_event(any_process());
  } else if (roll < 25) {
    now_ += milliseconds(random_.roll(800));
    any_process().it->tick(now_);
  } else {
    act(any_process());
  }
}

/// Stores the write of a dead process, or loses it. Sometimes the owner dies too, before it can
/// publish the task again.
void scheduler_simulation::store_late_write() {
  if (zombies_.empty()) return;
  auto record = std::move(zombies_.front());
  zombies_.pop_front();
  if (random_.chance(30)) return;
  log_.tasks.push_back(std::move(record));
  if (!random_.chance(20)) return;
  auto& owner = processes_[member_];
  bool more = true;
  while (more)
    more = owner.it->read_topic();
  crash(owner);
}

void scheduler_simulation::act(process& one) {
  auto& it = *one.it;
  auto roll = random_.roll(100);
  if (roll < 25) {
    for (auto most = random_.roll(8); most > 0 && it.read_topic();)
      --most;
  } else if (roll < 50) {
    for (auto most = random_.roll(16); most > 0 && it.fold_view();)
      --most;
  } else if (roll < 75) {
    auto fate = random_.roll(100);
    it.write(fate < 80   ? write_fate::stored
             : fate < 92 ? write_fate::failed
                         : write_fate::unacknowledged);
  } else if (roll < 84) {
    it.fold_request();
  } else if (roll < 92) {
    it.dispatch();
  } else if (roll < 97) {
    it.end_probes();
  } else {
    it.publish_outbox();
  }
}

void scheduler_simulation::take_event(process& one) {
  if (one.events.empty() || !one.it->takes_events()) return;
  auto event = one.events.front();
  one.events.pop_front();
  if (event == group_event::assigned) {
    one.it->assigned();
  } else {
    one.it->revoked(event == group_event::lost ? scanner::revocation::lost
                                               : scanner::revocation::announced);
  }
}

/// Moves the partition, or revokes it and returns it to the same process. The former member may
/// learn of it long after the new one.
void scheduler_simulation::rebalance() {
  auto& before = processes_[member_];
  before.events.push_back(random_.chance(50) ? group_event::lost : group_event::revoked);
  member_ = random_.roll(processes_.size());
  processes_[member_].events.push_back(group_event::assigned);
  log_.member = processes_[member_].it->id();
}

void scheduler_simulation::crash(process& one) {
  for (auto& record : one.it->crash())
    zombies_.push_back(std::move(record));
  one.it = start();
  one.events.clear();
  if (&one == &processes_[member_]) {
    rebalance();
    one.events.clear();
    if (&one == &processes_[member_]) one.events.push_back(group_event::assigned);
  }
}

/// Returns the task as ingest sees it: the snapshot with the requests that follow. Late records of
/// fenced owners are left out.
std::optional<model::scan_task> scheduler_simulation::known_to_ingest(
    const model::scan_request& any) {
  task_pointer newest;
  lease_history leases(log_);
  for (std::size_t i = 0; i < log_.tasks.size(); ++i) {
    const auto& record = log_.tasks[i];
    if (record.task == nullptr) {
      leases.take(static_cast<std::int64_t>(i));
    } else if (record.task->key == any.key && leases.is_valid(*record.task)) {
      newest = record.task;
    }
  }
  std::optional<model::scan_task> out;
  if (newest) out = *newest;
  for (std::size_t i = 0; i < log_.requests.size(); ++i) {
    const auto& request = log_.requests[i];
    if (request.key != any.key || !model::concerns(out, request)) continue;
    out = model::fold(std::move(out), request, static_cast<std::int64_t>(i), 16);
  }
  return out;
}

/// Posts what ingest would accept: at most one generation waits.
void scheduler_simulation::post_request() {
  if (requests_left_ == 0) return;
  --requests_left_;
  auto request = request_for(random_.roll(simulated_targets));
  auto task = known_to_ingest(request);
  auto roll = random_.roll(100);
  if (random_.chance(40)) request.webhooks.push_back(simulated_hook(random_.roll(3)));
  if (task) {
    auto newest = task->next ? task->next->generation : task->current.number;
    request.generation = newest;
    if (roll < 50 && !task->next) {
      request.generation = newest + 1;
    } else if (roll < 75) {
      request.kind = model::request_kind::cancel;
      request.by = "ann";
      request.webhooks.clear();
    } else {
      request.kind = model::request_kind::attach;
      request.webhooks = {simulated_hook(3)};
    }
  }
  log_.requests.push_back(std::move(request));
}

/// Lets every process go on until none has anything to do.
void scheduler_simulation::settle() {
  int quiet = 0;
  for (int i = 0; i < most_rounds && quiet < rounds_at_rest; ++i) {
    now_ += milliseconds(200);
    quiet = settle_once() ? 0 : quiet + 1;
  }
}

bool scheduler_simulation::settle_once() {
  bool busy = false;
  for (auto& one : processes_) {
    auto& it = *one.it;
    busy = busy || !one.events.empty();
    take_event(one);
    busy = it.tick(now_) || busy;
    while (it.read_topic() || it.fold_view())
      busy = true;
    busy = it.write(write_fate::stored) || busy;
    busy = it.fold_request() || busy;
    busy = it.dispatch() || busy;
    busy = it.end_probes() || busy;
    busy = it.publish_outbox() || busy;
  }
  return busy;
}

}  // namespace sonde::test
