#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sonde {

enum class log_level { debug, info, warning, error };
enum class log_format { text, json };

/// A value beside a log line: text, a number, or yes and no.
using log_value = std::variant<std::string, std::int64_t, bool>;
using log_fields = std::initializer_list<std::pair<std::string_view, log_value>>;

/// Lines on standard error: one event each, with named fields.
///
/// A repeated warning or error is written ten times, and then once in ten seconds with `left_out`,
/// the number of suppressed lines. Thread-safe. Handed to whoever logs; there is no
/// global one. In JSON format a line is
/// `{"time", "level", "event", …fields}`, in text format `time level event field=value …`.
class logger {
 public:
  explicit logger(log_level level = log_level::info, log_format format = log_format::text);
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  void set_level(log_level level);
  void set_format(log_format format) { format_ = format; }
  /// Begins every line with its priority, as journald reads it: `<4>` for a warning (sd-daemon(3)).
  /// Call before others log.
  void tell_priorities() { priorities_ = true; }

  void debug(std::string_view event, log_fields fields = {});
  void info(std::string_view event, log_fields fields = {});
  void warning(std::string_view event, log_fields fields = {});
  void error(std::string_view event, log_fields fields = {});

 private:
  void write(log_level level, std::string_view event, log_fields fields);

  struct sink;
  std::unique_ptr<sink> sink_;
  std::atomic<log_format> format_;
  bool priorities_ = false;
};

}  // namespace sonde
