#include "daemon/tail_flags.hpp"

#include "client/errc.hpp"
#include "daemon/moment.hpp"

#include <CLI/Error.hpp>

#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

namespace sonde::daemon {
namespace {

using client::errc;

template <class Number>
bool read_whole_number(std::string_view text, Number& out) {
  const auto* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, out);
  return read.ec == std::errc() && read.ptr == end && out >= 0;
}

/// Adds a flag whose value is stored in `into` if `parse` accepts it.
template <class Value>
CLI::Option* add_parsed(CLI::App* to, const std::string& flag, std::optional<Value>& into,
                        const std::function<result<Value>(const std::string&)>& parse,
                        const std::string& description) {
  auto keep = [flag, &into, parse](const std::string& text) {
    auto value = parse(text);
    // CLI11 accepts the refusal of a value only as an exception.
    if (!value) throw CLI::ValidationError(flag, value.error().message());
    into = *value;
  };
  return to->add_option_function<std::string>(flag, keep, description);
}

}  // namespace

result<client::tail_offset> parse_tail_offset(const std::string& text) {
  client::tail_offset out;
  std::string_view offset = text;
  bool valid = true;
  if (auto colon = offset.find(':'); colon != offset.npos) {
    std::int32_t partition = 0;
    valid = read_whole_number(offset.substr(0, colon), partition);
    out.partition = partition;
    offset.remove_prefix(colon + 1);
  }
  if (valid && read_whole_number(offset, out.offset)) return out;
  return fail(
      errc::usage,
      "\"" + text +
          "\" is not an offset; write a whole number, as in 17, or PARTITION:OFFSET, as in 2:17");
}

CLI::Option* add_time_flag(CLI::App* to, const std::string& flag, std::optional<wall_time>& into,
                           wall_time now, const std::string& description) {
  std::function<result<wall_time>(const std::string&)> parse = [now](const std::string& text) {
    return parse_moment(text, now);
  };
  return add_parsed(to, flag, into, parse, description)->type_name("TIME");
}

void add_tail_flags(CLI::App* tail, client::tail_options& into, wall_time now) {
  auto* start =
      tail->add_flag("--from-start", into.from_start, "all records up to the current end");
  auto* since =
      add_time_flag(tail, "--since", into.since, now,
                    "from each partition's first record that was appended at or after TIME, as in "
                    "2026-11-22T06:29:41Z, 2026-11-22 or 10m (ago)");
  add_time_flag(
      tail, "--until", into.until, now,
      "records before each partition's first one that was appended at or after TIME; from the "
      "start, unless another flag sets the first record");
  std::function<result<client::tail_offset>(const std::string&)> parse_offset = parse_tail_offset;
  auto* offset = add_parsed(tail, "--offset", into.offset, parse_offset,
                            "from this offset on in every partition, or only in PARTITION")
                     ->type_name("[PARTITION:]OFFSET");
  since->excludes(start);
  offset->excludes(start);
  offset->excludes(since);
  tail->add_flag("--follow", into.follow, "then wait for new records and print them");
}

result<> check_tail_options(const client::tail_options& options) {
  if (options.until && options.follow) {
    return fail(errc::usage,
                "--until and --follow contradict each other: a partition that gets no more records "
                "does not reach the time");
  }
  return check_times(options.since, options.until);
}

}  // namespace sonde::daemon
