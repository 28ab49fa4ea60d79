#include "base/clock.hpp"
#include "base/utf8.hpp"
#include "client/errc.hpp"
#include "client/read_commands.hpp"
#include "client/tail_range.hpp"
#include "model/text/json.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::client {
namespace {

using model::json;

constexpr std::uint32_t value_depth = 64;
/// Returns the hint that `sonde topic tail` prints if it does not begin at the start.
std::string hint_of(const tail_options& options) {
  if (options.follow) {
    return "waiting for new records of " + options.topic +
           "; --from-start also prints the existing ones";
  }
  return "no records printed: --from-start prints the existing records, --follow the new ones";
}

/// Converts a record to one JSON object. A JSON value is embedded unchanged; any other value
/// becomes text.
json to_json(const queue::stored_record& record, const queue::backend& queue) {
  json headers = json::object();
  for (const auto& [name, value] : record.what.headers)
    headers[name] = to_utf8(value);
  auto value = model::parse_json(record.what.value, value_depth);
  return {{"topic", queue.full_name(record.what.topic)},
          {"partition", record.partition},
          {"offset", record.offset},
          {"time", to_rfc3339(record.time)},
          {"key", to_utf8(record.what.key)},
          {"headers", std::move(headers)},
          {"value", value ? std::move(*value) : json(to_utf8(record.what.value))}};
}

std::string line_of(const queue::stored_record& record, std::size_t width) {
  auto line = fmt::format("{}:{}  {}  {}…  {}", record.partition, record.offset,
                          to_rfc3339(record.time), model::first_line(record.what.key, 24),
                          model::first_line(record.what.value, width));
  return std::string(model::cut_at(line, width)) + "\n";
}

const char* policy_text(const queue::topic_spec& spec) {
  if (spec.policy == queue::cleanup::compact) return "newest of each key";
  return spec.retention.count() == 0 ? "no expiry" : "for a time";
}

int complain_of_queue(terminal& out, const error& why) {
  out.complain(why.message());
  return exit_code::data_folder;
}

}  // namespace

awaitable<int> list_topics(queue::backend& queue, terminal& out) {
  std::string text;
  for (const auto& spec : queue.topics()) {
    std::vector<std::string> one{spec.name};
    auto starts = co_await queue.starts(one);
    auto ends = co_await queue.ends(one);
    if (!starts) co_return complain_of_queue(out, starts.error());
    if (!ends) co_return complain_of_queue(out, ends.error());
    std::int64_t first = 0;
    std::int64_t last = 0;
    for (const auto& place : *starts)
      first += place.offset;
    for (const auto& place : *ends)
      last += place.offset;
    if (!out.for_people()) {
      json row = {{"topic", queue.full_name(spec.name)},
                  {"name", spec.name},
                  {"partitions", spec.partitions},
                  {"compacted", spec.policy == queue::cleanup::compact},
                  {"start", first},
                  {"end", last}};
      text += model::to_text(row) + "\n";
    } else {
      auto name = queue.full_name(spec.name);
      name.resize(std::max<std::size_t>(name.size() + 2, 32), ' ');
      auto records = std::to_string(last - first);
      records.insert(0, records.size() < 12 ? 12 - records.size() : 0, ' ');
      text += name + records + " records, kept " + policy_text(spec) + "\n";
    }
  }
  out.print(text);
  co_return exit_code::done;
}

tail_command::tail_command(queue::backend& queue, terminal& out, tail_options options)
    : queue_(queue), out_(out), options_(std::move(options)) {}

void tail_command::interrupt() {
  interrupted_ = true;
  if (reader_) reader_->close();
}

std::string tail_command::find_topic() const {
  for (const auto& spec : queue_.topics()) {
    if (options_.topic == spec.name || options_.topic == queue_.full_name(spec.name)) {
      return spec.name;
    }
  }
  return {};
}

int tail_command::complain_of_topic() {
  std::vector<std::string_view> names;
  for (const auto& spec : queue_.topics())
    names.push_back(spec.name);
  auto meant = model::nearest_word(options_.topic, names);
  auto mend = meant.empty() ? std::string("`sonde topic list` shows them")
                            : "did you mean \"" + std::string(meant) + "\"?";
  out_.complain("there is no topic \"" + options_.topic + "\"; " + mend);
  return exit_code::usage;
}

awaitable<int> tail_command::run() {
  auto topic = find_topic();
  if (topic.empty()) co_return complain_of_topic();
  auto range = co_await tail_range::of(queue_, topic, options_);
  if (!range) {
    bool usage = range.error().code == make_error_code(errc::usage);
    out_.complain(range.error().message());
    co_return usage ? exit_code::usage : exit_code::data_folder;
  }
  if (!reads_existing(options_)) out_.say(hint_of(options_));
  std::vector<std::string> topics{std::move(topic)};
  reader_ = queue_.read_from(std::move(topics), range->from());
  while (!range->over() && !interrupted_ && !out_.failed()) {
    auto batch = co_await reader_->read();
    if (interrupted_) break;
    if (!batch) co_return complain_of_queue(out_, batch.error());
    std::string text;
    for (const auto& record : *batch) {
      if (!range->take(record)) continue;
      text += out_.for_people() ? line_of(record, out_.width())
                                : model::to_text(to_json(record, queue_)) + "\n";
    }
    out_.print(text);
  }
  co_return exit_code::done;
}

}  // namespace sonde::client
