#include "client/errc.hpp"
#include "client/terminal.hpp"
#include "daemon/backend.hpp"
#include "daemon/commands.hpp"
#include "model/json.hpp"

namespace sonde::daemon {
namespace {

namespace exit_code = client::exit_code;

std::string line_of(const topic_report& topic, bool for_people) {
  if (!for_people) {
    model::json line = {{"topic", topic.full_name},
                        {"name", topic.name},
                        {"created", topic.created},
                        {"problems", topic.problems},
                        {"advice", topic.advice}};
    return model::to_text(line) + "\n";
  }
  std::string what = topic.created ? "created" : topic.problems.empty() ? "is as it should be" : "";
  for (const auto* list : {&topic.problems, &topic.advice}) {
    for (const auto& each : *list)
      what += (what.empty() ? "" : "; ") + each;
  }
  auto name = topic.full_name;
  name.resize(std::max<std::size_t>(name.size() + 2, 32), ' ');
  return name + what + "\n";
}

}  // namespace

int make_topics(const invocation& how) {
  auto config = load_configuration(how.config_file, how.variables, how.flags);
  if (!config) return complain(config.error(), exit_code::configuration);
  logger log(log_level::warning, format_of(*config));
  client::terminal out(how.form);
  if (config->queue.backend != "kafka") {
    out.say("the " + config->queue.backend +
            " queue makes its topics by itself; queue.backend = \"kafka\" needs this");
    return exit_code::done;
  }
  auto topics = create_topics(*config, log);
  if (!topics) return complain(topics.error(), exit_code::data_folder);
  std::string text;
  bool well = true;
  for (const auto& topic : *topics) {
    text += line_of(topic, out.for_people());
    well = well && topic.problems.empty();
  }
  out.print(text);
  return out.finish(well ? exit_code::done : exit_code::configuration);
}

}  // namespace sonde::daemon
