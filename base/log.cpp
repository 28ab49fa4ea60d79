#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/enum_names.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace sonde {

BOOST_DESCRIBE_ENUM(log_level, debug, info, warning, error)

namespace {

spdlog::level::level_enum spdlog_level(log_level level) {
  switch (level) {
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// The syslog severity of a level (RFC 5424, section 6.2.1).
const char* priority_of(log_level level) {
  switch (level) {
    case log_level::debug: return "<7>";
    case log_level::info: return "<6>";
    case log_level::warning: return "<4>";
    case log_level::error: return "<3>";
  }
  return "<6>";
}

/// Returns the text of a field. A field may contain bytes from a remote host, so a value that is
/// not a plain word is written as a JSON string.
std::string text_of(const std::string& value) {
  bool plain = !value.empty();
  for (char c : value)
    plain = plain && c > ' ' && c < '\x7f' && c != '"' && c != '=';
  if (plain) return value;
  return nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

/// Returns the text of an event. An event may contain a name from outside, so other characters than
/// printable ASCII are escaped.
std::string event_text(std::string_view event) {
  bool plain = true;
  for (char c : event)
    plain = plain && c >= ' ' && c < '\x7f';
  if (plain) return std::string(event);
  auto quoted = nlohmann::json(event).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

/// A repeated event is written this often in a row. After that it is written once in each interval,
/// with the number of suppressed lines. Otherwise a full disk would also fill the journal.
constexpr int lines_in_a_row = 10;
constexpr std::chrono::seconds quiet_interval{10};
/// The number of events that are counted separately. When it is reached, all counts start again.
constexpr std::size_t most_events = 256;

/// Counts the recent lines of each warning and error. Thread-safe.
class repeats {
 public:
  /// Returns the number of lines suppressed since the last one, or nullopt if this line is
  /// suppressed.
  std::optional<std::int64_t> admit(std::string_view event) {
    std::lock_guard only(mutex_);
    auto now = std::chrono::steady_clock::now();
    if (seen_.size() >= most_events) seen_.clear();
    auto& its = seen_[std::string(event)];
    if (now - its.since >= quiet_interval) {
      its.since = now;
      its.written = its.left_out > 0 ? lines_in_a_row - 1 : 0;
    }
    if (its.written >= lines_in_a_row) {
      ++its.left_out;
      return std::nullopt;
    }
    ++its.written;
    return std::exchange(its.left_out, 0);
  }

 private:
  struct course {
    steady_time since{};
    int written = 0;
    std::int64_t left_out = 0;
  };

  std::mutex mutex_;
  std::unordered_map<std::string, course> seen_;
};

std::string text_of(std::int64_t value) {
  return std::to_string(value);
}
std::string text_of(bool value) {
  return value ? "yes" : "no";
}

}  // namespace

std::string_view name_of(log_level level) {
  return enum_name(level);
}

std::optional<log_level> log_level_named(std::string_view name) {
  return enum_named<log_level>(name);
}

struct logger::sink {
  spdlog::logger lines{"sonde", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  repeats warnings;
};

logger::logger(log_level level, log_format format)
    : sink_(std::make_unique<sink>()), format_(format) {
  sink_->lines.set_pattern("%v");
  sink_->lines.flush_on(spdlog::level::trace);
  set_level(level);
}

logger::~logger() = default;

void logger::set_level(log_level level) {
  sink_->lines.set_level(spdlog_level(level));
}

void logger::debug(std::string_view event, log_fields fields) {
  write(log_level::debug, event, fields);
}
void logger::info(std::string_view event, log_fields fields) {
  write(log_level::info, event, fields);
}
void logger::warning(std::string_view event, log_fields fields) {
  write(log_level::warning, event, fields);
}
void logger::error(std::string_view event, log_fields fields) {
  write(log_level::error, event, fields);
}

void logger::write(log_level level, std::string_view event, log_fields fields) {
  auto severity = spdlog_level(level);
  if (!sink_->lines.should_log(severity)) return;
  std::int64_t left_out = 0;
  if (level >= log_level::warning) {
    auto admitted = sink_->warnings.admit(event);
    if (!admitted) return;
    left_out = *admitted;
  }
  std::string time = to_rfc3339(system_clock().now());
  std::string line;
  if (format_ == log_format::json) {
    nlohmann::ordered_json json = {{"time", time}, {"level", name_of(level)}, {"event", event}};
    for (const auto& [name, value] : fields) {
      std::visit([&, key = std::string(name)](const auto& v) { json[key] = v; }, value);
    }
    if (left_out > 0) json["left_out"] = left_out;
    line = json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  } else {
    line = time + " " + std::string(name_of(level)) + " " + event_text(event);
    for (const auto& [name, value] : fields) {
      line += " " + std::string(name) + "=";
      line += std::visit([](const auto& v) { return text_of(v); }, value);
    }
    if (left_out > 0) line += " left_out=" + std::to_string(left_out);
  }
  if (priorities_) line.insert(0, priority_of(level));
  sink_->lines.log(severity, line);
}

}  // namespace sonde
