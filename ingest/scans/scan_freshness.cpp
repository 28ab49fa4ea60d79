#include "ingest/scans/scan_freshness.hpp"

#include "ingest/errc.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::ingest {

namespace {

/// Maximum clock difference between machines that share a queue.
constexpr std::chrono::seconds clock_difference{5};

/// Returns nothing for a scan from the future: the clock was wrong then, or has been set back
/// since.
std::optional<std::chrono::milliseconds> age_of(wall_time ended, wall_time now) {
  if (ended > now + clock_difference) return std::nullopt;
  return std::max(now - ended, std::chrono::milliseconds(0));
}

}  // namespace

bool will_do(const existing_scan& scan, const scan_order& order, wall_time now) {
  if (scan.state == model::task_state::queued) return true;
  if (!model::includes(scan.depth, order.depth)) return false;
  if (!model::is_terminal(scan.state)) return true;
  if (scan.state != model::task_state::done || !scan.ended) return false;
  auto age = age_of(*scan.ended, now);
  return age && *age < order.max_age;
}

model::scan_task concerned(model::scan_task task, const scan_order& order) {
  bool runs = task.current.state == model::task_state::running;
  bool waits = task.next && !task.next->cancelled && task.next->refused.empty();
  if (!runs || !waits || model::includes(task.depth, order.depth)) return task;
  auto next = std::move(*task.next);
  task.next.reset();
  task.current = {};
  task.current.number = next.generation;
  task.current.id = next.id();
  task.current.requested = next.requested;
  task.depth = next.depth;
  task.webhooks = std::move(next.webhooks);
  return task;
}

model::scan_request to_request(scan_order order, model::group_list groups, std::uint64_t generation,
                               wall_time now) {
  model::scan_request out;
  out.key = model::key_of(order.target, order.profile, groups);
  out.target = std::move(order.target);
  out.profile = std::move(order.profile);
  out.ports = std::move(order.ports);
  out.depth = order.depth;
  out.visibility = std::move(groups);
  out.generation = generation;
  out.priority = order.priority;
  out.requested = now;
  out.traceparent = std::move(order.traceparent);
  out.by = std::move(order.by);
  if (order.webhook) out.webhooks.push_back(std::move(*order.webhook));
  return out;
}

error too_many_webhooks() {
  return fail(
      errc::too_many,
      fmt::format(
          "this scan has {} webhooks, which is the limit; request a separate scan with max_age 0",
          model::most_webhooks));
}

}  // namespace sonde::ingest
