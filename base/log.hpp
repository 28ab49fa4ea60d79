#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sonde {

enum class log_level { debug, info, warning, error };
[[nodiscard]] std::string_view name_of(log_level level);
[[nodiscard]] std::optional<log_level> log_level_named(std::string_view name);
enum class log_format { text, json };

/// The value of a field of a log line: text, a number, or a boolean.
using log_value = std::variant<std::string, std::int64_t, bool>;
using log_fields = std::initializer_list<std::pair<std::string_view, log_value>>;

/// Writes lines to standard error: one event a line, with named fields.
///
/// A repeated warning or error is written ten times. After that it is written once in ten seconds,
/// with `left_out`, the number of suppressed lines. Thread-safe. The logger is passed to its users;
/// there is no global logger. A line in JSON format is `{"time", "level", "event", …fields}`. A
/// line in text format is `time level event field=value …`.
class logger {
 public:
  explicit logger(log_level level = log_level::info, log_format format = log_format::text);
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  void set_level(log_level level);
  void set_format(log_format format) { format_ = format; }
  /// Begins every line with its priority in the form that journald reads: `<4>` for a warning
  /// (sd-daemon(3)). Call this before another thread logs.
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
