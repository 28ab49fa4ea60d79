#include "client/dead_deliveries.hpp"
#include "client/errc.hpp"
#include "client/http_api.hpp"
#include "client/output_watch.hpp"
#include "client/standard_output.hpp"
#include "client/target_stream.hpp"
#include "client/terminal.hpp"
#include "daemon/commands.hpp"
#include "daemon/control.hpp"
#include "daemon/find_server.hpp"
#include "daemon/front_door.hpp"
#include "daemon/key_commands.hpp"
#include "daemon/node.hpp"
#include "daemon/private_files.hpp"
#include "model/text.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <unistd.h>

namespace sonde::daemon {
namespace {

namespace exit_code = client::exit_code;

result<configuration> load(const invocation& how) {
  return load_configuration(how.config_file, how.variables, how.flags);
}

/// Runs a verb on the main thread, to its exit code. The first Ctrl-C interrupts it in its own way,
/// the second ends the process.
int run_verb(asio::io_context& loop, client::terminal& out,
             const std::function<awaitable<int>()>& verb, const std::function<void()>& interrupt) {
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](error_code failed, int) {
    if (failed) return;
    interrupt();
    error_code ignored;
    signals.clear(ignored);  // the default again: the next one kills
  });
  int code = exit_code::interrupted;
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

/// Runs a verb against the configured server, to its exit code.
template <class Verb>
int ask_server(const invocation& how, Verb verb) {
  auto config = load(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  auto server = find_server(*config, how.variables);
  if (!server) return complain(server.error(), client::exit_code_of(server.error()));
  system_clock time;
  client::terminal out(how.form);
  asio::io_context loop(1);
  auto api = client::make_http_api(loop.get_executor(), std::move(*server));
  return verb(loop, *api, out, time);
}

/// Runs a verb on the configured queue, which may have a daemon beside it, to its exit code.
template <class Verb>
int read_queue(const invocation& how, Verb verb) {
  auto config = load(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  system_clock time;
  logger log(log_level::warning);
  client::terminal out(how.form);
  auto queue = open_queue(*config, queue_use::read, time, log);
  if (!queue) return complain(queue.error(), exit_code::data_folder);
  asio::io_context loop(1);
  int code = verb(loop, **queue, out);
  (*queue)->close();
  return code;
}

/// Whether somebody listens there. A socket whose daemon has been killed stays behind.
bool socket_answers(const std::string& file) {
  if (!std::filesystem::exists(file)) return false;
  asio::io_context loop(1);
  asio::local::stream_protocol::socket probe(loop);
  error_code failed;
  probe.connect(asio::local::stream_protocol::endpoint(file), failed);
  return !failed;
}

awaitable<result<model::json>> redrive_here(queue::backend& queue, client::redrive_order order,
                                            const clock& time) {
  auto report = co_await client::redrive(queue, std::move(order), time);
  if (!report) co_return report.error();
  co_return client::to_json(*report);
}

/// A queue that a verb changes: in a daemon's hands, or in its own.
struct changed_queue {
  client::http_client* there = nullptr;
  queue::backend* here = nullptr;
  const clock* time = nullptr;
  const limits* bounds = nullptr;
};

/// Runs a verb that writes, to its exit code. A daemon that holds the folder does it; without one,
/// or on Kafka, it is done here.
template <class Verb>
int change_queue(const invocation& how, Verb verb) {
  auto config = load(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  system_clock time;
  logger log(log_level::warning, format_of(*config));
  client::terminal out(how.form);
  asio::io_context loop(1);
  auto daemon = control_address(config->data_dir);
  client::http_client there(loop.get_executor(), daemon);
  std::unique_ptr<queue::backend> here;
  if (config->queue.backend == "kafka" || !socket_answers(daemon.socket)) {
    auto opened = open_queue(*config, queue_use::write, time, log);
    if (!opened) return complain(opened.error(), exit_code::data_folder);
    here = std::move(*opened);
  }
  changed_queue on{&there, here.get(), &time, &config->limits};
  int code = verb(on, loop, out);
  if (here) here->close();
  return code;
}

/// A node of one command: everything in memory, nothing listened to, any target in scope that is
/// not denied. `config` has to outlive it.
result<std::unique_ptr<node>> start_local_node(configuration& config, const clock& clock,
                                               logger& log) {
  config.queue.backend = "memory";
  config.scope.allow = {"0.0.0.0/0", "::/0"};
  config.drain_s = 0;
  auto queue = open_queue(config, queue_use::serve, clock, log);
  if (!queue) return queue.error();
  auto made = std::make_unique<node>(config, std::move(*queue), std::nullopt, clock, log);
  made->serve_http(false);
  if (auto started = made->start(); !started) return started.error();
  return made;
}

}  // namespace

int complain(const error& why, int code) {
  std::cerr << "sonde: " << model::visible(why.message()) << "\n";
  return code;
}

int print_out(std::string_view text) {
  auto printed = client::write_output(text);
  if (printed) printed = client::check_output();
  if (printed) return exit_code::done;
  int code = client::exit_code_of(printed.error());
  return code == exit_code::output_closed ? code : complain(printed.error(), code);
}

int scan(const invocation& how, client::scan_options options, bool local) {
  auto config = load(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  system_clock clock;
  logger log(log_level::warning, format_of(*config));
  client::terminal out(how.form);
  asio::io_context loop(1);
  std::unique_ptr<node> here;
  std::unique_ptr<client::scan_api> api;
  if (local) {
    auto started = start_local_node(*config, clock, log);
    if (!started) return complain(started.error(), exit_code::configuration);
    here = std::move(*started);
    api = here->local_api();
    options.server_goes_on = false;
  } else {
    auto server = find_server(*config, how.variables);
    if (!server) return complain(server.error(), client::exit_code_of(server.error()));
    api = client::make_http_api(loop.get_executor(), std::move(*server));
  }
  std::unique_ptr<client::target_stream> input;
  if (options.reads_input) {
    input = std::make_unique<client::target_stream>(loop.get_executor(), STDIN_FILENO);
  }
  client::scan_command command(*api, out, clock, std::move(options), input.get());
  int code = run_verb(
      loop, out, [&] { return command.run(); }, [&] { command.interrupt(); });
  if (here) here->stop();
  return code;
}

int watch(const invocation& how, const std::string& task) {
  return ask_server(how, [&](asio::io_context& loop, client::scan_api& api, client::terminal& out,
                             const clock& time) {
    client::scan_command command(api, out, time, {});
    return run_verb(
        loop, out, [&] { return command.watch(task); }, [&] { command.interrupt(); });
  });
}

int show(const invocation& how, const std::string& what) {
  return ask_server(how, [&](asio::io_context& loop, client::scan_api& api, client::terminal& out,
                             const clock& time) {
    return run_verb(
        loop, out, [&] { return client::show(api, out, time, what); }, [&] { loop.stop(); });
  });
}

int cancel(const invocation& how, std::vector<std::string> scans) {
  return ask_server(
      how, [&](asio::io_context& loop, client::scan_api& api, client::terminal& out, const clock&) {
        return run_verb(
            loop, out, [&] { return client::cancel(api, out, std::move(scans)); },
            [&] { loop.stop(); });
      });
}

int list_topics(const invocation& how) {
  return read_queue(how, [](asio::io_context& loop, queue::backend& queue, client::terminal& out) {
    return run_verb(
        loop, out, [&] { return client::list_topics(queue, out); }, [&] { loop.stop(); });
  });
}

int list_dead_deliveries(const invocation& how) {
  return read_queue(how, [](asio::io_context& loop, queue::backend& queue, client::terminal& out) {
    return run_verb(
        loop, out, [&] { return client::list_dead_deliveries(queue, out); }, [&] { loop.stop(); });
  });
}

int tail_topic(const invocation& how, client::tail_options options) {
  bool follows = options.follow;
  return read_queue(how, [&](asio::io_context& loop, queue::backend& queue, client::terminal& out) {
    client::tail_command command(queue, out, std::move(options));
    // Without --follow the verb ends by itself, and may have printed all when its reader goes.
    std::optional<client::output_watch> watch;
    auto reader_gone = [&] {
      out.note_closed_output();
      command.interrupt();
    };
    if (follows) watch.emplace(loop.get_executor(), reader_gone);
    return run_verb(
        loop, out, [&] { return command.run(); }, [&] { command.interrupt(); });
  });
}

int list_audit(const invocation& how, client::audit_query query) {
  return read_queue(how, [&](asio::io_context& loop, queue::backend& queue, client::terminal& out) {
    return run_verb(
        loop, out, [&] { return client::list_audit(queue, out, std::move(query)); },
        [&] { loop.stop(); });
  });
}

int redrive_topic(const invocation& how, client::redrive_order order) {
  return change_queue(how, [&](changed_queue on, asio::io_context& loop, client::terminal& out) {
    auto ask = [on](client::redrive_order o) -> awaitable<result<model::json>> {
      if (on.here != nullptr) return redrive_here(*on.here, std::move(o), *on.time);
      return on.there->post(redrive_path, client::to_json_text(o));
    };
    return run_verb(
        loop, out, [&] { return client::run_redrive(ask, order, out); }, [&] { loop.stop(); });
  });
}

int change_keys(const invocation& how, client::key_command command) {
  return change_queue(how, [&](changed_queue on, asio::io_context& loop, client::terminal& out) {
    auto ask = [on](client::key_command c) -> awaitable<result<model::json>> {
      if (on.here == nullptr) return on.there->post(keys_path, client::to_json_text(c));
      return do_key_command_here(*on.here, std::move(c), *on.bounds, *on.time);
    };
    return run_verb(
        loop, out, [&] { return client::run_key_command(ask, command, out); },
        [&] { loop.stop(); });
  });
}

int check_config(const invocation& how) {
  auto config = load(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  if (auto fine = check_front_door(*config); !fine) {
    return complain(fine.error(), exit_code::configuration);
  }
  if (auto valid = check_certificate_time(*config, system_clock().now()); !valid) {
    return complain(valid.error(), exit_code::configuration);
  }
  if (auto safe = check_data_folder(config->data_dir); !safe) {
    return complain(safe.error(), exit_code::configuration);
  }
  std::cerr << "the configuration is valid\n";
  return exit_code::done;
}

int print_config(const invocation& how) {
  auto config = load(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  bool as_json = how.form == client::output_form::json;
  return print_out(as_json ? to_json_text(*config) + "\n" : to_toml(*config));
}

}  // namespace sonde::daemon
