#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::client {

/// Output format of a command's results.
enum class output_form {
  automatic,  ///< a table on a terminal, JSON lines into a pipe or a file
  table,
  json,
};

/// Output streams of a command. Results go to standard output. Messages and progress go to standard
/// error; progress is one line that is redrawn.
class terminal {
 public:
  explicit terminal(output_form form = output_form::automatic);
  /// Clears the progress line.
  ~terminal();
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  /// Returns true if standard output is for a person, and false if it is for a program.
  [[nodiscard]] bool for_people() const { return for_people_; }
  /// Returns true if the progress line is visible.
  [[nodiscard]] bool draws() const { return error_is_terminal_; }
  /// Returns the number of columns of standard output, or a usual number if it is not a terminal.
  [[nodiscard]] std::size_t width() const;

  /// Prints whole lines only, so that no line is cut in the middle. The text may come from a target
  /// or a server: this function alone escapes control characters. After a failure it writes nothing
  /// more.
  void print(std::string_view lines);
  /// Prints one line to standard error. A failed write is ignored.
  void say(std::string_view line);
  /// Reports why a verb failed: `sonde: ` and the reason.
  void complain(std::string_view reason);
  void progress(const std::string& line);
  void clear_progress();

  /// Returns true if a `print` could not write all of its lines. The verb then ends.
  [[nodiscard]] bool failed() const { return failure_.has_value(); }
  /// Records that the reader of standard output has closed it. A verb that prints nothing calls it.
  void note_closed_output();
  /// Returns the exit code of a verb that ended with `code`: `code` itself, unless the output could
  /// not be written. Reports that failure once on standard error, unless the reader has closed its
  /// end.
  [[nodiscard]] int finish(int code);

 private:
  bool for_people_;
  bool error_is_terminal_;
  bool drawn_ = false;
  std::optional<error> failure_;
  bool complained_ = false;
};

}  // namespace sonde::client
