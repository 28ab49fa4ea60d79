#include "client/audit_list.hpp"
#include "client/errc.hpp"
#include "daemon/audit_flags.hpp"
#include "daemon/moment.hpp"
#include "daemon/verbs/common_flags.hpp"
#include "daemon/verbs/report.hpp"
#include "daemon/verbs/run_verb.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace sonde::daemon {
namespace {

int run_audit(const invocation& how, const client::audit_query& query) {
  if (auto note = note_on_since(query.since, system_clock().now()); !note.empty()) {
    return complain(fail(client::errc::usage, note), client::exit_code::usage);
  }
  if (auto valid = check_times(query.since, query.until); !valid) {
    return complain(valid.error(), client::exit_code::usage);
  }
  return read_queue(how, [&](asio::io_context& loop, queue::backend& queue, client::terminal& out) {
    return run_verb(
        loop, out, [&] { return client::list_audit(queue, out, query); }, [&] { loop.stop(); });
  });
}

}  // namespace

void register_audit(CLI::App& program, verb_context& context) {
  auto query = std::make_shared<client::audit_query>();
  auto* audit = program.add_subcommand("audit", "list requests for changes and their callers");
  add_queue_flags(*audit, context.how);
  add_audit_flags(audit, *query, system_clock().now());
  add_form_flags(*audit, context.how);
  audit->callback([&context, query] {
    context.run = [&context, query] { return run_audit(context.how, *query); };
  });
}

}  // namespace sonde::daemon
