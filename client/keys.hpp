#pragma once

#include "admin/key_command.hpp"
#include "base/async/asio.hpp"
#include "client/terminal.hpp"
#include "model/text/json.hpp"

#include <functional>

namespace sonde::client {

/// Runs a key command and returns the exit code. `ask` executes it in this process or in a daemon.
using key_function = std::function<awaitable<result<model::json>>(admin::key_command)>;
awaitable<int> run_key_command(key_function ask, admin::key_command command, terminal& out);

}  // namespace sonde::client
