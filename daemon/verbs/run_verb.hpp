#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "client/scan_api.hpp"
#include "client/terminal.hpp"
#include "daemon/verbs/verb.hpp"
#include "queue/io.hpp"

#include <functional>

namespace sonde::daemon {

[[nodiscard]] result<configuration> load_configuration(const invocation& how);

/// Runs a verb on the main thread and returns its exit code. The first Ctrl-C interrupts the verb
/// in its own way, the second ends the process.
int run_verb(asio::io_context& loop, client::terminal& out,
             const std::function<awaitable<int>()>& verb, const std::function<void()>& interrupt);

/// Runs a verb against the configured server and returns its exit code.
using server_verb =
    std::function<int(asio::io_context&, client::scan_api&, client::terminal&, const clock&)>;
int ask_server(const invocation& how, const server_verb& verb);

/// Runs a verb on the configured queue, which a daemon may use too, and returns its exit code.
using queue_verb = std::function<int(asio::io_context&, queue::backend&, client::terminal&)>;
int read_queue(const invocation& how, const queue_verb& verb);

}  // namespace sonde::daemon
