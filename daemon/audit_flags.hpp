#pragma once

#include "base/clock.hpp"
#include "client/audit_list.hpp"

#include <CLI/App.hpp>

namespace sonde::daemon {

/// Adds the flags of `sonde audit` that select entries. `into` outlives `audit`. Ages are counted
/// from `now`.
void add_audit_flags(CLI::App* audit, client::audit_query& into, wall_time now);

}  // namespace sonde::daemon
