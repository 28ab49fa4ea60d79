#pragma once

#include "admin/redrive.hpp"
#include "client/terminal.hpp"
#include "model/text/json.hpp"

#include <functional>

namespace sonde::client {

/// Runs `sonde topic redrive` and returns the exit code. `ask` executes the order in this process
/// or in a daemon.
using redrive_function = std::function<awaitable<result<model::json>>(admin::redrive_order)>;
awaitable<int> run_redrive(redrive_function ask, admin::redrive_order order, terminal& out);

}  // namespace sonde::client
