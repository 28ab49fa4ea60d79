#include "ingest/scan_judgement.hpp"

#include "ingest/errc.hpp"

#include <algorithm>

namespace sonde::ingest {

namespace {

/// The clocks of machines that share a queue differ by less.
constexpr std::chrono::seconds clock_difference{5};

/// Nothing for a scan from the future: the clock was wrong then, or has been set back since.
std::optional<std::chrono::milliseconds> age_of(wall_time ended, wall_time now) {
  if (ended > now + clock_difference) return std::nullopt;
  return std::max(now - ended, std::chrono::milliseconds(0));
}

}  // namespace

bool will_do(model::task_state state, const std::optional<wall_time>& ended,
             const scan_order& order, wall_time now) {
  if (!model::is_terminal(state)) return true;
  if (state != model::task_state::done || !ended) return false;
  auto age = age_of(*ended, now);
  return age && *age < order.max_age;
}

model::scan_request to_request(scan_order order, model::group_list groups, std::uint64_t generation,
                               wall_time now) {
  model::scan_request out;
  out.key = model::key_of(order.target, order.profile, groups);
  out.target = std::move(order.target);
  out.profile = std::move(order.profile);
  out.ports = std::move(order.ports);
  out.scope = std::move(groups);
  out.generation = generation;
  out.priority = order.priority;
  out.requested = now;
  out.traceparent = std::move(order.traceparent);
  out.by = std::move(order.by);
  if (order.webhook) out.webhooks.push_back(std::move(*order.webhook));
  return out;
}

error too_many_webhooks() {
  return fail(errc::too_many, "this scan has " + std::to_string(model::most_webhooks) +
                                  " webhooks, which is the most; ask for a scan of its own "
                                  "with max_age 0");
}

}  // namespace sonde::ingest
