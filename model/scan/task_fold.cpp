#include "model/scan/task_fold.hpp"

#include "model/scan/task_fitting.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace sonde::model {
namespace {

/// Keeps the open endpoints of the ended generation, to compare the next one with them.
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

/// Keeps the newest generations, in descending order.
void add_to_history(scan_task& task, task_generation past, std::uint32_t kept) {
  auto older = [&past](const task_generation& one) { return one.number < past.number; };
  auto place = std::ranges::find_if(task.history, older);
  task.history.insert(place, std::move(past));
  if (task.history.size() > kept) task.history.resize(kept);
}

/// Makes `request` the current generation. The previous one becomes history.
void begin_generation(scan_task& task, const scan_request& request, std::uint32_t kept) {
  if (task.current.number > 0) {
    remember_open(task);
    add_to_history(task, task.current, kept);
  }
  task.current = {};
  task.current.number = request.generation;
  task.current.id = request.id();
  task.current.requested = request.requested;
  task.priority = request.priority;
  task.ports = request.ports;
  task.depth = request.depth;
  task.traceparent = request.traceparent;
  task.attempt = 0;
  task.stalled = 0;
  task.progress = {};
  task.cursors.clear();
  task.results.clear();
  task.results_total = 0;
  task.requests_omitted = false;
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

/// Moves the attached webhooks to the outbox (`pending`). The task keeps them without the encrypted
/// part, which only the dispatcher needs.
void owe_all(scan_task& task) {
  for (auto& hook : task.webhooks) {
    if (hook.encrypted.empty()) continue;
    owe(task, task.current.number, task.current.id, hook);
    hook.encrypted.clear();
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

/// A queued scan ends at once. The owner of a running scan must end it.
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

/// Reports whether a waiting request will become a scan.
bool will_begin(const scan_request& next) {
  return !next.cancelled && next.refused.empty();
}

outcome outcome_of(const scan_request& unstarted) {
  return unstarted.refused.empty() ? cancelled_by(unstarted.by)
                                   : refused_because(unstarted.refused);
}

/// Ends the waiting scan without its beginning: another one takes its place.
void end_waiting(scan_task& task, std::uint32_t kept) {
  auto next = std::move(*task.next);
  task.next.reset();
  task_generation past;
  past.number = next.generation;
  past.id = next.id();
  past.requested = next.requested;
  past.ended = next.requested;
  past.outcome = outcome_of(next);
  past.state = state_after(past.outcome->kind);
  add_to_history(task, std::move(past), kept);
  for (const auto& hook : next.webhooks)
    owe(task, next.generation, next.id(), hook);
}

/// Applies a request for a scan. A request for more than the scan with its generation does, raises
/// the depth of a scan that has not begun. If that scan has begun meanwhile, another one follows
/// it.
scan_task schedule(scan_task task, const scan_request& request, std::uint32_t kept) {
  // The request may concern the scan that waited for the end of this one.
  task = promoted(std::move(task), kept);
  bool first = task.current.number == 0;
  bool beyond = request.generation > task.current.number;
  if (first || (is_terminal(task.current.state) && beyond)) {
    begin_generation(task, request, kept);
    if (request.refused.empty()) return task;
    return ended(std::move(task), refused_because(request.refused), request.requested);
  }
  if (beyond && (!task.next || request.generation > task.next->generation)) {
    if (task.next && !will_begin(*task.next)) end_waiting(task, kept);
    task.next = request;
    return task;
  }
  bool for_current = request.generation == task.current.number;
  bool for_next = task.next && request.generation == task.next->generation;
  if (for_current && !includes(task.depth, request.depth)) {
    if (task.current.state != task_state::queued) {
      auto later = request;
      later.generation = next_generation(task);
      return schedule(std::move(task), later, kept);
    }
    task.depth = request.depth;
  }
  if (for_next && !includes(task.next->depth, request.depth)) task.next->depth = request.depth;
  attach(task, request);
  return task;
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
    out.visibility = request.visibility;
  }
  if (offset <= out.folded) return out;
  out.folded = offset;

  if (request.kind == request_kind::cancel) {
    return promoted(cancel(std::move(out), request), kept);
  }
  if (request.kind == request_kind::schedule) return schedule(std::move(out), request, kept);
  attach(out, request);
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
  if (will_begin(next)) return task;
  return ended(std::move(task), outcome_of(next), next.requested);
}

std::uint64_t next_generation(const scan_task& task) {
  if (!task.next) return task.current.number + 1;
  return task.next->generation + (will_begin(*task.next) ? 0 : 1);
}

}  // namespace sonde::model
