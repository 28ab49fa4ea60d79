// The verbs `show`, `watch` and `cancel`, which read and change scans on a server.

#include "client/read_commands.hpp"
#include "client/scan_command.hpp"
#include "daemon/scan_flags.hpp"
#include "daemon/verbs/common_flags.hpp"
#include "daemon/verbs/run_verb.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sonde::daemon {
namespace {

struct show_arguments {
  std::string what;
  client::table_detail detail = client::table_detail::compact;
};

int run_show(const invocation& how, const show_arguments& given) {
  return ask_server(how, [&](asio::io_context& loop, client::scan_api& api, client::terminal& out,
                             const clock& time) {
    return run_verb(
        loop, out, [&] { return client::show(api, out, time, given.what, given.detail); },
        [&] { loop.stop(); });
  });
}

int run_watch(const invocation& how, const std::string& task) {
  return ask_server(how, [&](asio::io_context& loop, client::scan_api& api, client::terminal& out,
                             const clock& time) {
    client::scan_command command(api, out, time, {});
    return run_verb(
        loop, out, [&] { return command.watch(task); }, [&] { command.interrupt(); });
  });
}

int run_cancel(const invocation& how, const std::vector<std::string>& scans) {
  return ask_server(
      how, [&](asio::io_context& loop, client::scan_api& api, client::terminal& out, const clock&) {
        return run_verb(
            loop, out, [&] { return client::cancel(api, out, scans); }, [&] { loop.stop(); });
      });
}

}  // namespace

void register_show(CLI::App& program, verb_context& context) {
  auto given = std::make_shared<show_arguments>();
  auto* show = program.add_subcommand("show", "show a scan, an entity, or a target's newest scan");
  add_server_flags(*show, context.how);
  show->add_option("what", given->what,
                   "a target, an endpoint as in 192.0.2.1:443/tcp, or the id of an entity or of "
                   "a scan")
      ->required()
      ->type_name("TARGET|ENDPOINT|ENTITY-ID|SCAN-ID");
  add_explain_flag(show, given->detail);
  add_form_flags(*show, context.how);
  show->callback([&context, given] {
    context.run = [&context, given] { return run_show(context.how, *given); };
  });
}

void register_watch(CLI::App& program, verb_context& context) {
  auto task = std::make_shared<std::string>();
  auto* watch = program.add_subcommand("watch", "follow a scan to its end");
  add_server_flags(*watch, context.how);
  watch->add_option("scan", *task, "the scan's id")->required()->type_name("SCAN-ID");
  add_form_flags(*watch, context.how);
  watch->callback([&context, task] {
    context.run = [&context, task] { return run_watch(context.how, *task); };
  });
}

void register_cancel(CLI::App& program, verb_context& context) {
  auto scans = std::make_shared<std::vector<std::string>>();
  auto* cancel = program.add_subcommand("cancel", "end scans that have not ended");
  add_server_flags(*cancel, context.how);
  cancel->add_option("scans", *scans, "the scans' ids")->required()->type_name("SCAN-ID");
  add_form_flags(*cancel, context.how);
  cancel->callback([&context, scans] {
    context.run = [&context, scans] { return run_cancel(context.how, *scans); };
  });
}

}  // namespace sonde::daemon
