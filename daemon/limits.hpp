#pragma once

#include "ingest/auth/auth_limits.hpp"
#include "ingest/facts/fact_limits.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/scans/order_limits.hpp"
#include "scanner/engine/engine_limits.hpp"
#include "scanner/scheduler/scheduler_limits.hpp"
#include "views/limits.hpp"
#include "webhook/limits.hpp"

namespace sonde::daemon {

/// All limits of the program. Each folder declares its own, with default and reason.
///
/// `[limits]` in the configuration file sets each of them by its name (`limit_names`). External
/// input never makes memory, disk usage or time grow beyond them. The whole converts to each part,
/// so it can be passed to every class. `views::limits` includes those of the queue,
/// `engine_limits` those of the resolver, `scheduler_limits` those of one scan.
struct limits : ingest::http_limits,
                ingest::auth_limits,
                ingest::order_limits,
                ingest::fact_limits,
                views::limits,
                scanner::engine_limits,
                scanner::scheduler_limits,
                webhook::limits {};

}  // namespace sonde::daemon
