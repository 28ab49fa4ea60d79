#include "model/task_fold.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

/// Makes `request` the current generation; what was current becomes history.
void begin_generation(scan_task& task, const scan_request& request, std::uint32_t kept) {
  if (task.current.number > 0) {
    task.history.insert(task.history.begin(), task.current);
    if (task.history.size() > kept) task.history.resize(kept);
  }
  task.current = {};
  task.current.number = request.generation;
  task.current.id = request.id();
  task.current.requested = request.requested;
  task.priority = request.priority;
  task.ports = request.ports;
  task.traceparent = request.traceparent;
  task.attempt = 0;
  task.stalled = 0;
  task.progress = {};
  task.cursors.clear();
  task.results.clear();
  task.results_total = 0;
  task.produced.clear();
}

}  // namespace

scan_task fold(std::optional<scan_task> task, const scan_request& request, std::int64_t offset,
               std::uint32_t kept) {
  scan_task out;
  if (task) {
    out = std::move(*task);
  } else {
    out.key = request.key;
    out.target = request.target;
    out.profile = request.profile;
    out.scope = request.scope;
  }
  if (offset <= out.folded) return out;
  out.folded = offset;

  bool first = out.current.number == 0;
  if (first || (is_terminal(out.current.state) && request.generation > out.current.number)) {
    begin_generation(out, request, kept);
  } else if (request.generation > out.current.number &&
             (!out.next || request.generation > out.next->generation)) {
    out.next = request;
  }
  return out;
}

bool supersedes(const scan_task& incoming, const scan_task& held) {
  return incoming.version >= held.version;
}

scan_task started(scan_task task, wall_time now) {
  task.current.state = task_state::running;
  if (!task.current.started) task.current.started = now;
  ++task.attempt;
  ++task.stalled;
  return task;
}

scan_task advanced(scan_task task, task_progress progress,
                   std::map<std::string, sweep_cursor> cursors) {
  if (progress.done > task.progress.done) task.stalled = 0;
  task.progress = progress;
  task.cursors = std::move(cursors);
  return task;
}

scan_task put_back(scan_task task) {
  task.current.state = task_state::queued;
  if (task.stalled > 0) --task.stalled;
  return task;
}

scan_task ended(scan_task task, outcome how, wall_time now) {
  task.current.state = state_after(how.kind);
  task.current.outcome = std::move(how);
  task.current.ended = now;
  task.cursors.clear();
  return task;
}

scan_task promoted(scan_task task, std::uint32_t kept) {
  if (!task.next || !is_terminal(task.current.state)) return task;
  auto next = std::move(*task.next);
  task.next.reset();
  begin_generation(task, next, kept);
  return task;
}

}  // namespace sonde::model
