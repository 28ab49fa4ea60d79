#include "model/scan/scan_task.hpp"

#include "base/enum_names.hpp"

namespace sonde::model {

BOOST_DESCRIBE_ENUM(task_state, queued, running, done, failed, cancelled)
BOOST_DESCRIBE_ENUM(request_kind, schedule, attach, cancel)
BOOST_DESCRIBE_ENUM(outcome_kind, complete, no_answer, tarpit, partial, nxdomain, no_data, servfail,
                    dns_timeout, out_of_scope, excluded, attempts, cancelled)

std::string_view name_of(request_kind kind) {
  return enum_name(kind);
}

std::optional<request_kind> read_request_kind(std::string_view name) {
  return enum_named<request_kind>(name);
}

std::string_view name_of(task_state state) {
  return enum_name(state);
}

std::optional<task_state> read_task_state(std::string_view name) {
  return enum_named<task_state>(name);
}

std::string_view name_of(outcome_kind kind) {
  return enum_name(kind);
}

std::optional<outcome_kind> read_outcome_kind(std::string_view name) {
  return enum_named<outcome_kind>(name);
}

bool is_terminal(task_state state) {
  return state != task_state::queued && state != task_state::running;
}

task_state state_after(outcome_kind kind) {
  if (kind == outcome_kind::cancelled) return task_state::cancelled;
  return kind <= outcome_kind::partial ? task_state::done : task_state::failed;
}

}  // namespace sonde::model
