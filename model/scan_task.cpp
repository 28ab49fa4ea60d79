#include "model/scan_task.hpp"

#include <array>
#include <utility>

namespace sonde::model {
namespace {

constexpr std::array<std::pair<task_state, std::string_view>, 5> states{{
    {task_state::queued, "queued"},
    {task_state::running, "running"},
    {task_state::done, "done"},
    {task_state::failed, "failed"},
    {task_state::cancelled, "cancelled"},
}};

constexpr std::array<std::pair<request_kind, std::string_view>, 3> kinds{{
    {request_kind::schedule, "schedule"},
    {request_kind::attach, "attach"},
    {request_kind::cancel, "cancel"},
}};

constexpr std::array<std::pair<outcome_kind, std::string_view>, 12> outcomes{{
    {outcome_kind::complete, "complete"},
    {outcome_kind::no_answer, "no_answer"},
    {outcome_kind::tarpit, "tarpit"},
    {outcome_kind::partial, "partial"},
    {outcome_kind::nxdomain, "nxdomain"},
    {outcome_kind::no_data, "no_data"},
    {outcome_kind::servfail, "servfail"},
    {outcome_kind::dns_timeout, "dns_timeout"},
    {outcome_kind::out_of_scope, "out_of_scope"},
    {outcome_kind::excluded, "excluded"},
    {outcome_kind::attempts, "attempts"},
    {outcome_kind::cancelled, "cancelled"},
}};

}  // namespace

std::string_view name_of(request_kind kind) {
  return kinds[static_cast<std::size_t>(kind)].second;
}

std::string_view name_of(task_state state) {
  return states[static_cast<std::size_t>(state)].second;
}

std::string_view name_of(outcome_kind kind) {
  return outcomes[static_cast<std::size_t>(kind)].second;
}

bool is_terminal(task_state state) {
  return state != task_state::queued && state != task_state::running;
}

task_state state_after(outcome_kind kind) {
  if (kind == outcome_kind::cancelled) return task_state::cancelled;
  return kind <= outcome_kind::partial ? task_state::done : task_state::failed;
}

}  // namespace sonde::model
