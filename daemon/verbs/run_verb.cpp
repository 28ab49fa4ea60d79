#include "daemon/verbs/run_verb.hpp"

#include "client/errc.hpp"
#include "client/http_api.hpp"
#include "daemon/backend.hpp"
#include "daemon/find_server.hpp"
#include "daemon/verbs/report.hpp"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <exception>

namespace sonde::daemon {

result<configuration> load_configuration(const invocation& how) {
  return load_configuration(how.config_file, how.variables, how.flags);
}

int run_verb(asio::io_context& loop, client::terminal& out,
             const std::function<awaitable<int>()>& verb, const std::function<void()>& interrupt) {
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](error_code failed, int) {
    if (failed) return;
    interrupt();
    error_code ignored;
    signals.clear(ignored);  // restores the default: the next signal ends the process
  });
  int code = client::exit_code::interrupted;
  std::exception_ptr thrown;
  asio::co_spawn(loop, verb(), [&](std::exception_ptr e, int returned) {
    thrown = e;
    if (!e) code = returned;
    error_code ignored;
    signals.cancel(ignored);
    loop.stop();
  });
  loop.run();
  if (thrown) std::rethrow_exception(thrown);
  return out.finish(code);
}

int ask_server(const invocation& how, const server_verb& verb) {
  auto config = load_configuration(how);
  if (!config) return complain(config.error(), client::exit_code::configuration);
  auto server = find_server(*config, how.variables);
  if (!server) return complain(server.error(), client::exit_code_of(server.error()));
  system_clock time;
  client::terminal out(how.form);
  asio::io_context loop(1);
  auto api = client::make_http_api(loop.get_executor(), std::move(*server));
  return verb(loop, *api, out, time);
}

int read_queue(const invocation& how, const queue_verb& verb) {
  auto config = load_configuration(how);
  if (!config) return complain(config.error(), client::exit_code::configuration);
  system_clock time;
  logger log(log_level::warning);
  client::terminal out(how.form);
  auto queue = open_queue(*config, queue_use::read, time, log);
  if (!queue) return complain(queue.error(), client::exit_code::data_folder);
  asio::io_context loop(1);
  int code = verb(loop, **queue, out);
  (*queue)->close();
  return code;
}

}  // namespace sonde::daemon
