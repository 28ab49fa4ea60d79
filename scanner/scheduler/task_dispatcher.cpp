#include "scanner/scheduler/task_dispatcher.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace sonde::scanner {

task_dispatcher::task_dispatcher(scheduler_context context, scan_runner& runner,
                                 dispatch_parts parts, dispatch_rules rules)
    : context_(std::move(context)),
      runner_(runner),
      parts_(parts),
      rules_(std::move(rules)),
      started_(context_.counts.count("sonde_scan_runs_total", "Started scans, retries included.")),
      retried_(context_.counts.count("sonde_scan_retries_total",
                                     "Scans started again after an interruption.")),
      running_now_(context_.counts.show("sonde_scans_running", "Running scans.")),
      work_(context_.loop),
      run_ended_(context_.loop),
      runs_(context_.loop, context_.log, "task runs", context_.failed),
      stop_(context_.loop) {}

awaitable<void> task_dispatcher::dispatch() {
  while (!stop_.requested()) {
    start_tasks();
    bool news = false;
    if (parts_.ready.is_low()) {
      auto running = running_tasks();
      news = co_await parts_.ready.refill(std::move(running));
    }
    bool has_room = running_.size() < context_.bounds.running_tasks;
    bool more = (news || !parts_.ready.empty()) && has_room;
    if (!more && !stop_.requested()) co_await work_.wait();
  }
}

void task_dispatcher::start_tasks() {
  while (running_.size() < context_.bounds.running_tasks) {
    auto next = parts_.ready.take();
    if (!next) break;
    running_task begun;
    begun.partition = next->partition;
    begun.visibility = next->visibility;
    running_[next->key] = std::move(begun);
    running_now_.set(static_cast<double>(running_.size()));
    runs_.spawn(run(next->key, next->partition));
  }
}

ready_tasks::running_tasks task_dispatcher::running_tasks() const {
  ready_tasks::running_tasks out;
  for (const auto& each : running_)
    ++out.by_visibility[each.second.visibility];
  out.contains = [this](const model::target_key& key) { return running_.contains(key); };
  return out;
}

void task_dispatcher::take(const model::scan_task& task, std::int32_t partition) {
  bool ready = !running_.contains(task.key) && parts_.ready.add(task, partition);
  if (ready) work_.notify_all();
  on_cancelled(task);
}

void task_dispatcher::look_around() {
  parts_.ready.look_around();
  work_.notify_all();
}

ownership task_dispatcher::owner_of(std::int32_t partition) const {
  return parts_.ledger.owns(partition) ? ownership::ours : ownership::lost;
}

awaitable<void> task_dispatcher::run(model::target_key key, std::int32_t partition) {
  auto& ledger = parts_.ledger;
  auto task = co_await ledger.load(key, partition);
  const auto* begun = task ? &*task : nullptr;
  // The partition may have been suspended since the task was ready.
  auto whose = parts_.ready.is_suspended(partition) ? ownership::lost : owner_of(partition);
  switch (start_of(begun, whose, context_.bounds.task_attempts)) {
    case run_start::nothing: break;
    case run_start::promote: co_await parts_.recorder.promote(key, partition); break;
    case run_start::cancelled: {
      run_result nothing;
      nothing.progress.progress = ledger.held(key).progress;
      auto found = publisher_for(ledger.held(key), partition);
      co_await parts_.recorder.finish_cancelled(key, partition, std::move(found),
                                                std::move(nothing));
      break;
    }
    case run_start::give_up: {
      auto why = fmt::format("it started {} times in a row without progress", task->stalled);
      co_await parts_.recorder.fail_task(key, partition, std::move(why));
      break;
    }
    case run_start::attempt: co_await attempt(key, partition); break;
  }
  task = co_await ledger.load(key, partition);
  running_.erase(key);
  running_now_.set(static_cast<double>(running_.size()));
  if (task && !stop_.requested() && ledger.owns(partition)) parts_.ready.add(*task, partition);
  ledger.release(key);
  ledger.release(key);
  run_ended_.notify_all();
  work_.notify_all();
}

/// Runs a task that is loaded and whose partition is owned at the start.
awaitable<void> task_dispatcher::attempt(model::target_key key, std::int32_t partition) {
  auto& recorder = parts_.recorder;
  bool begun = co_await recorder.start(key, partition);
  if (!begun) co_return;
  const auto& task = parts_.ledger.held(key);
  started_.add();
  if (task.attempt > 1) retried_.add();
  auto found = publisher_for(task, partition);
  auto ports = rules_.profiles.ports_of(task.profile, task.ports);
  if (!ports) {
    co_await recorder.fail_task(key, partition, ports.error().message());
    co_return;
  }
  auto result = co_await probe(key, partition, found, std::move(*ports));
  auto reached = result.complete ? completeness::complete : completeness::interrupted;
  switch (end_of(parts_.ledger.held(key), owner_of(partition), reached)) {
    case run_end::nothing: found->hurry(); break;
    case run_end::finish: co_await recorder.finish(key, partition, found, std::move(result)); break;
    case run_end::cancelled:
      co_await recorder.finish_cancelled(key, partition, found, std::move(result));
      break;
    case run_end::put_back:
      co_await recorder.put_back(key, partition, std::move(result.progress));
      break;
  }
}

awaitable<run_result> task_dispatcher::probe(model::target_key key, std::int32_t partition,
                                             findings_pointer found, model::port_set ports) {
  run_order order;
  order.task = parts_.ledger.held(key);
  order.ports = std::move(ports);
  order.rules = rules_.addresses;
  order.addresses_per_name = rules_.addresses_per_name;
  running_.at(key).id = order.task.current.id;
  running_.at(key).found = found;
  parts_.progress.begun(order.task, partition);
  run_supervisor supervisor;
  supervisor.progress = [this, key](const run_progress& reached) {
    parts_.progress.reached(key, reached);
  };
  supervisor.cancelled = [this, key] { return running_.at(key).cancelled; };
  supervisor.found = [found](model::scan_observation part, std::function<void()> published) {
    found->take(std::move(part), std::move(published));
  };
  auto result = co_await run_task(runner_, context_, std::move(order), std::move(supervisor));
  parts_.progress.ended(key);
  co_return result;
}

/// Handles a cancellation that has just been folded. A task that is to run again is stopped when it
/// begins.
void task_dispatcher::on_cancelled(const model::scan_task& task) {
  if (task.cancelled_by.empty()) return;
  auto running = running_.find(task.key);
  if (running != running_.end()) {
    cancel(running->second);
  } else {
    look_around();
  }
}

void task_dispatcher::cancel(running_task& task) {
  task.cancelled = true;
  if (task.found) task.found->hurry();
  runner_.cancel(task.id);
}

task_dispatcher::findings_pointer task_dispatcher::publisher_for(const model::scan_task& task,
                                                                 std::int32_t partition) {
  auto owned = [this, partition] { return parts_.ledger.owns(partition); };
  publisher_tools tools{context_.loop,  runs_,       stop_,           runner_.helper_for(task.key),
                        context_.queue, ports_,      context_.bounds, context_.view_bounds,
                        context_.time,  context_.log};
  return std::make_shared<findings_publisher>(std::move(tools), task, std::move(owned));
}

awaitable<void> task_dispatcher::release(std::vector<std::int32_t> partitions) {
  suspend(partitions);
  auto is_gone = [&partitions](const auto& running) {
    return std::ranges::find(partitions, running.second.partition) != partitions.end();
  };
  for (auto& each : running_) {
    if (is_gone(each)) cancel(each.second);
  }
  while (std::ranges::any_of(running_, is_gone))
    co_await run_ended_.wait();
}

void task_dispatcher::stop_starting() {
  stop_.request();
  work_.notify_all();
}

awaitable<void> task_dispatcher::drain(steady_time deadline) {
  while (!running_.empty()) {
    bool ended = co_await run_ended_.wait_until(deadline);
    if (!ended) break;
  }
  if (!running_.empty()) {
    context_.log.info("putting back unfinished tasks",
                      {{"tasks", static_cast<std::int64_t>(running_.size())}});
  }
  parts_.ledger.give_up();
  for (auto& each : running_)
    cancel(each.second);
  co_await runs_.join();
}

}  // namespace sonde::scanner
