#include "client/errc.hpp"
#include "client/output_watch.hpp"
#include "client/read_commands.hpp"
#include "client/terminal.hpp"
#include "daemon/backend.hpp"
#include "daemon/moment.hpp"
#include "daemon/tail_flags.hpp"
#include "daemon/verbs/change_queue.hpp"
#include "daemon/verbs/common_flags.hpp"
#include "daemon/verbs/report.hpp"
#include "daemon/verbs/run_verb.hpp"
#include "model/text/json.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace sonde::daemon {
namespace {

namespace exit_code = client::exit_code;

int run_topic_list(const invocation& how) {
  return read_queue(how, [](asio::io_context& loop, queue::backend& queue, client::terminal& out) {
    return run_verb(
        loop, out, [&] { return client::list_topics(queue, out); }, [&] { loop.stop(); });
  });
}

int run_topic_tail(const invocation& how, const client::tail_options& options) {
  if (auto valid = check_tail_options(options); !valid) {
    return complain(valid.error(), exit_code::usage);
  }
  return read_queue(how, [&](asio::io_context& loop, queue::backend& queue, client::terminal& out) {
    auto note = note_on_since(options.since, system_clock().now());
    if (!note.empty()) out.say(note);
    client::tail_command command(queue, out, options);
    // Without --follow the verb ends by itself, and may have printed everything when its reader
    // closes.
    std::optional<client::output_watch> watch;
    auto reader_gone = [&] {
      out.note_closed_output();
      command.interrupt();
    };
    if (options.follow) watch.emplace(loop.get_executor(), reader_gone);
    return run_verb(
        loop, out, [&] { return command.run(); }, [&] { command.interrupt(); });
  });
}

std::string topic_line(const topic_report& topic, bool for_people) {
  if (!for_people) {
    model::json line = {{"topic", topic.full_name},
                        {"name", topic.name},
                        {"created", topic.created},
                        {"problems", topic.problems},
                        {"advice", topic.advice}};
    return model::to_text(line) + "\n";
  }
  std::string what = topic.created ? "created" : topic.problems.empty() ? "is correct" : "";
  for (const auto* list : {&topic.problems, &topic.advice}) {
    for (const auto& each : *list)
      what += (what.empty() ? "" : "; ") + each;
  }
  auto name = topic.full_name;
  name.resize(std::max<std::size_t>(name.size() + 2, 32), ' ');
  return name + what + "\n";
}

/// Creates the topics of a queue that does not create its own, and reports the state of each.
int run_topic_create(const invocation& how) {
  auto config = load_configuration(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  logger log(log_level::warning, format_of(*config));
  client::terminal out(how.form);
  if (config->queue.backend != "kafka") {
    out.say("the " + config->queue.backend +
            " queue creates its topics itself; only queue.backend = \"kafka\" needs this command");
    return exit_code::done;
  }
  auto topics = create_topics(*config, log);
  if (!topics) return complain(topics.error(), exit_code::data_folder);
  std::string text;
  bool well = true;
  for (const auto& topic : *topics) {
    text += topic_line(topic, out.for_people());
    well = well && topic.problems.empty();
  }
  out.print(text);
  return out.finish(well ? exit_code::done : exit_code::configuration);
}

void register_topic_tail(CLI::App& topic, verb_context& context) {
  auto options = std::make_shared<client::tail_options>();
  auto* tail = topic.add_subcommand("tail", "the records of a topic, one a line");
  add_queue_flags(*tail, context.how);
  tail->add_option("name", options->topic, "entities, associations, scan.tasks ...")
      ->required()
      ->type_name("TOPIC");
  add_tail_flags(tail, *options, system_clock().now());
  add_form_flags(*tail, context.how);
  tail->callback([&context, options] {
    context.run = [&context, options] { return run_topic_tail(context.how, *options); };
  });
}

void register_topic_redrive(CLI::App& topic, verb_context& context) {
  auto given = std::make_shared<redrive_arguments>();
  auto* redrive = topic.add_subcommand("redrive", "send dead letters back to their topic");
  add_queue_flags(*redrive, context.how);
  redrive->add_option("name", given->order.topic, "scan.requests ...")
      ->required()
      ->type_name("TOPIC");
  auto* offset = add_letter_flags(*redrive, *given);
  redrive->add_flag("--dry-run", given->order.look_only,
                    "list the dead letters and change nothing");
  add_form_flags(*redrive, context.how);
  redrive_on(*redrive, context, given, offset);
}

}  // namespace

void register_topic(CLI::App& program, verb_context& context) {
  auto* topic = program.add_subcommand("topic", "the topics of the queue");
  topic->require_subcommand(1);
  auto* list = topic->add_subcommand("list", "every topic, and how much it holds");
  add_queue_flags(*list, context.how);
  add_form_flags(*list, context.how);
  list->callback([&context] { context.run = [&context] { return run_topic_list(context.how); }; });
  register_topic_tail(*topic, context);
  register_topic_redrive(*topic, context);
  auto* create =
      topic->add_subcommand("create", "create the topics on Kafka, and check the existing ones");
  add_queue_flags(*create, context.how);
  add_form_flags(*create, context.how);
  create->callback(
      [&context] { context.run = [&context] { return run_topic_create(context.how); }; });
}

}  // namespace sonde::daemon
