#include "daemon/verbs/change_queue.hpp"

#include "client/errc.hpp"
#include "client/redrive.hpp"
#include "daemon/backend.hpp"
#include "daemon/control.hpp"
#include "daemon/usage_error.hpp"
#include "daemon/verbs/report.hpp"
#include "daemon/verbs/run_verb.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <limits>
#include <string>

namespace sonde::daemon {
namespace {

/// Returns true if a process listens on the socket. The socket of a killed daemon remains.
bool socket_answers(const std::string& file) {
  if (!std::filesystem::exists(file)) return false;
  asio::io_context loop(1);
  asio::local::stream_protocol::socket probe(loop);
  error_code failed;
  probe.connect(asio::local::stream_protocol::endpoint(file), failed);
  return !failed;
}

awaitable<result<model::json>> redrive_here(queue::backend& queue, admin::redrive_order order,
                                            const clock& time) {
  auto report = co_await admin::redrive(queue, std::move(order), time);
  if (!report) co_return report.error();
  co_return admin::to_json(*report);
}

int run_redrive(const invocation& how, const admin::redrive_order& order) {
  return change_queue(how, [&](changed_queue on, asio::io_context& loop, client::terminal& out) {
    auto send = [on](admin::redrive_order o) -> awaitable<result<model::json>> {
      if (on.here != nullptr) return redrive_here(*on.here, std::move(o), *on.time);
      return on.there->post(redrive_path, admin::to_json_text(o));
    };
    return run_verb(
        loop, out, [&] { return client::run_redrive(send, order, out); }, [&] { loop.stop(); });
  });
}

}  // namespace

int change_queue(const invocation& how, const changing_verb& verb) {
  auto config = load_configuration(how);
  if (!config) return complain(config.error(), client::exit_code::configuration);
  system_clock time;
  logger log(log_level::warning, format_of(*config));
  client::terminal out(how.form);
  asio::io_context loop(1);
  auto daemon = control_address(config->data_dir);
  client::api_client there(loop.get_executor(), daemon);
  std::unique_ptr<queue::backend> here;
  if (config->queue.backend == "kafka" || !socket_answers(daemon.socket)) {
    auto opened = open_queue(*config, queue_use::write, time, log);
    if (!opened) return complain(opened.error(), client::exit_code::data_folder);
    here = std::move(*opened);
  }
  changed_queue on{&there, here.get(), &time, &config->limits};
  int code = verb(on, loop, out);
  if (here) here->close();
  return code;
}

CLI::Option* add_letter_flags(CLI::App& verb, redrive_arguments& into) {
  auto* offset =
      verb.add_option("--offset", into.letter.second, "only the dead letter at this offset (all)")
          ->check(whole_number(0, std::numeric_limits<std::int64_t>::max()))
          ->type_name("N");
  verb.add_option("--partition", into.letter.first, "the partition of that dead letter (0)")
      ->check(whole_number(0, std::numeric_limits<std::int32_t>::max()))
      ->type_name("N")
      ->needs(offset);
  return offset;
}

void redrive_on(CLI::App& verb, verb_context& context, std::shared_ptr<redrive_arguments> from,
                CLI::Option* offset) {
  verb.callback([&context, from = std::move(from), offset] {
    if (offset->count() > 0) from->order.only = from->letter;
    context.run = [&context, from] { return run_redrive(context.how, from->order); };
  });
}

}  // namespace sonde::daemon
