#include "model/task_fold.hpp"

#include "model/task_fitting.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace sonde::model {
namespace {

/// Keeps the open endpoints of the generation that has ended, to compare the next one with them.
void remember_open(scan_task& task) {
  std::vector<past_endpoint> past;
  auto ended = task.current.ended.value_or(task.current.requested);
  for (const auto& row : task.results)
    past.push_back({row.endpoint, row.service, ended});
  for (auto& one : task.past) {
    one.closed = false;
    past.push_back(std::move(one));
  }
  if (past.size() > most_past_endpoints) past.resize(most_past_endpoints);
  task.past = std::move(past);
}

/// Makes `request` the current generation; what was current becomes history.
void begin_generation(scan_task& task, const scan_request& request, std::uint32_t kept) {
  if (task.current.number > 0) {
    remember_open(task);
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
  task.webhooks = request.webhooks;
  task.cancelled_by.clear();
}

bool add_webhook(std::vector<webhook>& to, const webhook& hook) {
  bool known = std::ranges::find(to, hook.id, &webhook::id) != to.end();
  if (known || to.size() >= most_webhooks) return false;
  to.push_back(hook);
  return true;
}

void owe(scan_task& task, std::uint64_t generation, const task_id& id, const webhook& hook) {
  pending_delivery owed{generation, id, hook};
  auto same = [&](const pending_delivery& held) { return held.id() == owed.id(); };
  if (std::ranges::none_of(task.pending, same)) task.pending.push_back(std::move(owed));
}

/// What was attached while it ran is owed now, and remembered without what only a sender needs.
void owe_all(scan_task& task) {
  for (auto& hook : task.webhooks) {
    if (hook.sealed.empty()) continue;
    owe(task, task.current.number, task.current.id, hook);
    hook.sealed.clear();
  }
}

void attach(scan_task& task, const scan_request& request) {
  for (const auto& hook : request.webhooks) {
    if (request.generation == task.current.number) {
      add_webhook(task.webhooks, hook);
      if (is_terminal(task.current.state)) owe_all(task);
    } else if (task.next && request.generation == task.next->generation) {
      add_webhook(task.next->webhooks, hook);
    } else if (std::ranges::find(task.history, request.generation, &task_generation::number) !=
               task.history.end()) {
      owe(task, request.generation, request.id(), hook);
    }
  }
}

/// A queued scan ends at once; of a running one its owner has to see the end.
scan_task cancel(scan_task task, const scan_request& request) {
  if (task.next && request.generation == task.next->generation) {
    task.next->cancelled = true;
    task.next->by = request.by;
  }
  if (request.generation != task.current.number || is_terminal(task.current.state)) return task;
  if (task.current.state == task_state::queued) {
    return ended(std::move(task), cancelled_by(request.by), request.requested);
  }
  task.cancelled_by = request.by;
  return task;
}

outcome refused_because(const std::string& why) {
  return {outcome_kind::attempts, why};
}

scan_task fold_whole(std::optional<scan_task> task, const scan_request& request,
                     std::int64_t offset, std::uint32_t kept) {
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

  if (request.kind == request_kind::cancel) {
    return promoted(cancel(std::move(out), request), kept);
  }
  bool asks = request.kind == request_kind::schedule;
  bool first = out.current.number == 0;
  bool beyond = request.generation > out.current.number;
  if (asks && (first || (is_terminal(out.current.state) && beyond))) {
    begin_generation(out, request, kept);
    if (request.refused.empty()) return out;
    return ended(std::move(out), refused_because(request.refused), request.requested);
  }
  if (asks && beyond && (!out.next || request.generation > out.next->generation)) {
    out.next = request;
  } else {
    attach(out, request);
  }
  return out;
}

}  // namespace

scan_task fold(std::optional<scan_task> task, const scan_request& request, std::int64_t offset,
               const fold_bounds& bounds) {
  if (!leaves_out_webhooks(task, request, offset, bounds)) {
    return fold_whole(std::move(task), request, offset, bounds.generations);
  }
  auto without = request;
  without.webhooks.clear();
  return fold_whole(std::move(task), without, offset, bounds.generations);
}

bool leaves_out_webhooks(const std::optional<scan_task>& task, const scan_request& request,
                         std::int64_t offset, const fold_bounds& bounds) {
  if (request.webhooks.empty()) return false;
  return !has_room(fold_whole(task, request, offset, bounds.generations), bounds.record_bytes);
}

bool concerns(const std::optional<scan_task>& task, const scan_request& request) {
  return task.has_value() || request.kind == request_kind::schedule;
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
  task.cancelled_by.clear();
  owe_all(task);
  return task;
}

scan_task compared(scan_task task, const std::function<bool(const std::string& endpoint)>& asked) {
  std::unordered_set<std::string_view> open;
  for (const auto& row : task.results)
    open.insert(row.endpoint);
  std::erase_if(task.past, [&](const past_endpoint& one) { return open.contains(one.endpoint); });
  bool all_known = task.results.size() == task.results_total;
  for (auto& one : task.past)
    one.closed = all_known && asked(one.endpoint);
  return task;
}

scan_task reduced(scan_task task, const std::string& why, wall_time now) {
  auto reason = "its record was refused: " + why;
  if (is_terminal(task.current.state)) {
    if (task.current.outcome) task.current.outcome->reason = std::move(reason);
  } else {
    task = ended(std::move(task), {outcome_kind::attempts, std::move(reason)}, now);
  }
  task.results.clear();
  task.past.clear();
  task.history.clear();
  task.webhooks.clear();
  task.pending.clear();
  if (task.next) task.next->webhooks.clear();
  return task;
}

scan_task handed_over(scan_task task, const std::vector<delivery_id>& messages) {
  std::erase_if(task.pending, [&](const pending_delivery& owed) {
    return std::ranges::find(messages, owed.id()) != messages.end();
  });
  return task;
}

outcome cancelled_by(const std::string& who) {
  return {outcome_kind::cancelled, "it was cancelled by " + who};
}

scan_task promoted(scan_task task, std::uint32_t kept) {
  if (!task.next || !is_terminal(task.current.state)) return task;
  auto next = std::move(*task.next);
  task.next.reset();
  begin_generation(task, next, kept);
  if (!next.refused.empty()) {
    return ended(std::move(task), refused_because(next.refused), next.requested);
  }
  if (!next.cancelled) return task;
  return ended(std::move(task), cancelled_by(next.by), next.requested);
}

}  // namespace sonde::model
