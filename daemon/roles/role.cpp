#include "daemon/roles/role.hpp"

#include <algorithm>
#include <utility>

namespace sonde::daemon {

bool role_context::has_role(std::string_view name) const {
  return std::ranges::find(config.roles, name) != config.roles.end();
}

result<> role::start() {
  if (std::exchange(running_, true)) return {};
  return start_parts();
}

void role::stop_intake() {
  if (running_) close_intake();
}

void role::stop() {
  if (std::exchange(running_, false)) stop_parts();
}

void role::reload(const reloaded_settings&) {}

void role::set_scope(const process_scope&) {}

}  // namespace sonde::daemon
