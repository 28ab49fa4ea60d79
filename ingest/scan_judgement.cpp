#include "ingest/scan_judgement.hpp"

#include "ingest/errc.hpp"

namespace sonde::ingest {

bool will_do(model::task_state state, const std::optional<wall_time>& ended,
             const scan_order& order, wall_time now) {
  if (!model::is_terminal(state)) return true;
  return state == model::task_state::done && ended && now - *ended < order.max_age;
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
  if (order.webhook) out.webhooks.push_back(std::move(*order.webhook));
  return out;
}

error too_many_webhooks() {
  return fail(errc::too_many, "this scan has " + std::to_string(model::most_webhooks) +
                                  " webhooks, which is the most; ask for a scan of its own "
                                  "with max_age 0");
}

}  // namespace sonde::ingest
