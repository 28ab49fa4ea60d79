#include "model/events.hpp"
#include "model/task_fold.hpp"
#include "scanner/scheduler/scheduler.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace sonde::scanner {
namespace {

using std::chrono::seconds;

constexpr seconds progress_pause{1};
constexpr std::size_t progress_at_once = 200;
/// Between two snapshots with cursors of one long scan.
constexpr seconds save_pause{10};

/// Tells whether a run of a task has a verdict on an endpoint.
class settled_endpoints {
 public:
  settled_endpoints(const std::vector<model::ip_address>& addresses, model::port_set ports)
      : ports_(std::move(ports)) {
    for (const auto& address : addresses)
      hosts_.insert(host_of(model::endpoint_text(address, 0)));
  }

  bool operator()(const std::string& endpoint) const {
    auto host = host_of(endpoint);
    if (host.size() == endpoint.size() || !hosts_.contains(host)) return false;
    std::uint16_t port = 0;
    auto begin = endpoint.data() + host.size() + 1;
    auto read = std::from_chars(begin, endpoint.data() + endpoint.size(), port);
    return read.ec == std::errc() && ports_.contains(port);
  }

 private:
  /// The part before the port.
  static std::string host_of(const std::string& endpoint) {
    return endpoint.substr(0, endpoint.rfind(':'));
  }

  std::set<std::string> hosts_;
  model::port_set ports_;
};

}  // namespace

awaitable<void> scheduler::dispatch() {
  while (!stop_.requested()) {
    while (running_.size() < limits_.running_tasks) {
      auto next = ready_.take();
      if (!next) break;
      running_task begun;
      begun.partition = next->partition;
      begun.scope = next->scope;
      begun.saved_at = clock_.steady_now();
      running_[next->key] = std::move(begun);
      running_now_.set(static_cast<double>(running_.size()));
      runs_.spawn(run(next->key, next->partition));
    }
    bool hungry = backlog_ && ready_.size() < limits_.running_tasks;
    bool news = false;
    if (hungry) news = co_await refill();
    bool more = (news || ready_.size() > 0) && running_.size() < limits_.running_tasks;
    if (!more && !stop_.requested()) co_await work_.wait();
  }
}

awaitable<void> scheduler::run(model::target_key key, std::int32_t partition) {
  auto task = co_await ledger_.load(key);
  bool unfinished = task && !model::is_terminal(task->current.state);
  if (unfinished && ledger_.owns(partition)) co_await run_owned(key, partition);
  task = co_await ledger_.load(key);
  running_.erase(key);
  running_now_.set(static_cast<double>(running_.size()));
  if (task && !stop_.requested() && ledger_.owns(partition)) enqueue(*task, partition);
  ledger_.release(key);
  ledger_.release(key);
  run_ended_.notify_all();
  work_.notify_all();
}

/// A run whose task is held in memory, and whose partition is ours as it begins.
awaitable<void> scheduler::run_owned(model::target_key key, std::int32_t partition) {
  if (!ledger_.held(key).cancelled_by.empty()) {
    run_result nothing;
    nothing.progress.progress = ledger_.held(key).progress;
    auto found = publisher_for(ledger_.held(key), partition);
    co_await end_cancelled(key, partition, std::move(found), std::move(nothing));
    co_return;
  }
  bool begun = co_await begin(key, partition);
  if (!begun) co_return;
  auto task = ledger_.held(key);
  started_.add();
  if (task.attempt > 1) retried_.add();
  running_[key].id = task.current.id;
  auto found = publisher_for(task, partition);
  running_[key].found = found;
  auto ports = profiles_.ports_of(task.profile, task.ports);
  if (!ports) {
    co_await fail_task(key, partition, ports.error().message());
    co_return;
  }
  run_supervisor supervisor;
  supervisor.progress = [this, key](const run_progress& reached) { note_progress(key, reached); };
  supervisor.cancelled = [this, key] { return running_.at(key).cancelled; };
  supervisor.found = [found](model::scan_observation part, std::function<void()> published) {
    found->take(std::move(part), std::move(published));
  };
  auto result =
      co_await run_task(engines_, rules_, std::move(task), std::move(*ports),
                        settings_.addresses_per_name, limits_, clock_, log_, std::move(supervisor));
  running_.at(key).news.reset();  // or it would be news of a task that has ended
  if (!ledger_.owns(partition)) {
    found->hurry();
    co_return;
  }
  if (result.complete) {
    co_await end(key, partition, found, std::move(result));
  } else if (!ledger_.held(key).cancelled_by.empty()) {
    co_await end_cancelled(key, partition, found, std::move(result));
  } else {
    co_await put_back(key, partition, std::move(result.progress));
  }
}

/// A cancellation that has just been folded. A task that is to run again is stopped when it begins.
void scheduler::heed(const model::scan_task& task) {
  auto running = running_.find(task.key);
  if (task.cancelled_by.empty()) return;
  if (running != running_.end()) {
    cancel_run(running->second);
  } else {
    backlog_ = true;
    work_.notify_all();
  }
}

/// What was found until then is said like any other finding.
awaitable<void> scheduler::end_cancelled(model::target_key key, std::int32_t partition,
                                         findings_pointer found, run_result reached) {
  const auto& task = ledger_.held(key);
  reached.observed.target = task.target;
  reached.observed.how = model::cancelled_by(task.cancelled_by);
  co_await end(key, partition, std::move(found), std::move(reached));
}

void scheduler::cancel_run(running_task& task) {
  task.cancelled = true;
  if (task.found) task.found->hurry();
  engines_.cancel(task.id);
}

/// The attempt is on the topic before the first probe is sent: a target that kills the engine is
/// counted.
awaitable<bool> scheduler::begin(model::target_key key, std::int32_t partition) {
  auto stalled = ledger_.held(key).stalled;
  if (stalled >= limits_.task_attempts) {
    auto why =
        "it was begun " + std::to_string(stalled) + " times in a row without getting anywhere";
    co_await fail_task(key, partition, std::move(why));
    co_return false;
  }
  change_function start = [now = clock_.now()](model::scan_task task) {
    return model::started(std::move(task), now);
  };
  co_return co_await publish_change(key, partition, std::move(start));
}

scheduler::findings_pointer scheduler::publisher_for(const model::scan_task& task,
                                                     std::int32_t partition) {
  auto owned = [this, partition] { return ledger_.owns(partition); };
  publisher_tools tools{loop_,  runs_,  stop_,   engines_.for_name(task.key.str()).loop(),
                        queue_, ports_, limits_, clock_,
                        log_};
  return std::make_shared<findings_publisher>(std::move(tools), task, std::move(owned));
}

awaitable<void> scheduler::end(model::target_key key, std::int32_t partition,
                               findings_pointer found, run_result reached) {
  // On a disk that is nearly full nobody waits for the findings of a scan that is to end.
  if (!ledger_.held(key).cancelled_by.empty()) found->hurry();
  auto how = reached.observed.how;
  bool published = co_await found->finish(std::move(reached.observed));
  if (!published) co_return;
  how.reason += left_out_text(reached.left_out, found->left_out(), found->refused());
  const auto& task = ledger_.held(key);
  auto ports = profiles_.ports_of(task.profile, task.ports);
  settled_endpoints settled(reached.settled, ports ? std::move(*ports) : model::port_set());
  change_function finish = [found, how, settled, progress = reached.progress.progress,
                            now = clock_.now()](model::scan_task t) {
    t.results = found->results();
    t.results_total = found->results_total();
    t.produced = found->produced();
    t.progress = progress;
    t.progress.open = t.results_total;
    return model::ended(model::compared(std::move(t), settled), how, now);
  };
  co_await publish_end(key, partition, std::move(finish));
}

/// The scan cannot be done, for a reason that is not the target's.
awaitable<void> scheduler::fail_task(model::target_key key, std::int32_t partition,
                                     std::string why) {
  change_function fail_it = [why = std::move(why), now = clock_.now()](model::scan_task task) {
    return model::ended(std::move(task), {model::outcome_kind::attempts, why}, now);
  };
  co_await publish_end(key, partition, std::move(fail_it));
}

awaitable<void> scheduler::put_back(model::target_key key, std::int32_t partition,
                                    run_progress reached) {
  change_function back = [reached = std::move(reached)](model::scan_task task) {
    if (reached.progress.planned > 0) {
      task = model::advanced(std::move(task), reached.progress, reached.cursors);
    }
    return model::put_back(std::move(task));
  };
  co_await publish_change(key, partition, std::move(back));
}

void scheduler::note_end(const model::scan_task& task) {
  const auto& ended = task.current;
  if (!ended.outcome) return;
  auto outcome = std::string(name_of(ended.outcome->kind));
  counts_.count("sonde_scans_ended_total", "Scans that came to their end.", {{"outcome", outcome}})
      .add();
  auto from = ended.started.value_or(ended.requested);
  auto took = ended.ended.value_or(from) - from;
  log_.info("scan ended", {{"id", ended.id.str()},
                           {"target", task.target.text()},
                           {"outcome", outcome},
                           {"open", static_cast<std::int64_t>(task.progress.open)},
                           {"milliseconds", static_cast<std::int64_t>(took.count())}});
}

/// Publishes an ending, and then the next generation where one waits for it.
awaitable<void> scheduler::publish_end(model::target_key key, std::int32_t partition,
                                       change_function how) {
  bool published = co_await publish_change(key, partition, std::move(how));
  if (!published) co_return;
  note_end(ledger_.held(key));
  note_owing(ledger_.held(key), partition);
  if (!ledger_.held(key).next) co_return;
  change_function promote = [kept = limits_.task_generations](model::scan_task task) {
    return model::promoted(std::move(task), kept);
  };
  co_await publish_change(key, partition, std::move(promote));
  note_owing(ledger_.held(key), partition);
}

awaitable<bool> scheduler::publish_change(model::target_key key, std::int32_t partition,
                                          change_function how) {
  ledger_.change(key, partition,
                 [&how](std::optional<model::scan_task> task) { return how(std::move(*task)); });
  std::vector<model::target_key> keys{std::move(key)};
  co_return co_await ledger_.publish(std::move(keys));
}

void scheduler::note_progress(const model::target_key& key, const run_progress& reached) {
  auto task = running_.find(key);
  if (task == running_.end()) return;
  task->second.news = reached;
  progress_news_.notify_all();
}

awaitable<void> scheduler::publish_progress() {
  auto has_news = [](const auto& running) { return running.second.news.has_value(); };
  while (!stop_.requested()) {
    while (!stop_.requested() && std::ranges::none_of(running_, has_news))
      co_await progress_news_.wait();
    co_await stop_.pause(progress_pause);
    co_await publish_progress_once();
  }
}

awaitable<void> scheduler::publish_progress_once() {
  std::vector<record> batch;
  std::vector<model::target_key> to_save;
  auto now = clock_.steady_now();
  for (auto& [key, task] : running_) {
    if (batch.size() >= progress_at_once) break;
    if (!task.news) continue;
    auto reached = std::move(*task.news);
    task.news.reset();
    batch.push_back(to_record(model::progress_event{key, task.id, reached.progress, clock_.now()}));
    if (now - task.saved_at < save_pause || !ledger_.owns(task.partition)) continue;
    ledger_.change(key, task.partition, [&reached](std::optional<model::scan_task> t) {
      return model::advanced(std::move(*t), reached.progress, reached.cursors);
    });
    task.saved_at = now;
    to_save.push_back(key);
  }
  if (!batch.empty()) {
    // Progress is a courtesy: what cannot be written is left out.
    auto written = co_await queue_.produce(std::move(batch));
    if (!written) log_.debug("progress was not published");
  }
  if (!to_save.empty()) co_await ledger_.publish(std::move(to_save));
}

}  // namespace sonde::scanner
