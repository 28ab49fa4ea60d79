#include "client/dead_deliveries.hpp"
#include "daemon/verbs/change_queue.hpp"
#include "daemon/verbs/common_flags.hpp"
#include "daemon/verbs/run_verb.hpp"
#include "model/events.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace sonde::daemon {
namespace {

int run_webhook_list(const invocation& how) {
  return read_queue(how, [](asio::io_context& loop, queue::backend& queue, client::terminal& out) {
    return run_verb(
        loop, out, [&] { return client::list_dead_deliveries(queue, out); }, [&] { loop.stop(); });
  });
}

}  // namespace

/// Adds `webhook`. An undeliverable message is a dead letter like others.
void register_webhook(CLI::App& program, verb_context& context) {
  auto* webhook = program.add_subcommand("webhook", "webhooks that could not be delivered");
  webhook->require_subcommand(1);
  auto* list =
      webhook->add_subcommand("list", "list dead letters: time, scan, attempts and reason");
  auto* replay = webhook->add_subcommand("replay", "send dead letters again, under the same ids");
  for (auto* verb : {list, replay}) {
    add_queue_flags(*verb, context.how);
    add_form_flags(*verb, context.how);
  }
  list->callback(
      [&context] { context.run = [&context] { return run_webhook_list(context.how); }; });
  auto given = std::make_shared<redrive_arguments>();
  given->order.topic = model::topics::webhook_requests;
  auto* offset = add_letter_flags(*replay, *given);
  redrive_on(*replay, context, given, offset);
}

}  // namespace sonde::daemon
