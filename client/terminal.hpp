#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::client {

/// In which form a command prints what it was asked for.
enum class output_form {
  automatic,  ///< a table where a person looks, JSON lines into a pipe or a file
  table,
  json,
};

/// The two streams of a command: what it was asked for goes to standard output, what a person may
/// want to know meanwhile to standard error, there as one line that is drawn over and over.
class terminal {
 public:
  explicit terminal(output_form form = output_form::automatic);
  /// The line of progress is gone when it ends.
  ~terminal();
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  /// Whether standard output is for a person's eyes, or for a program.
  [[nodiscard]] bool for_people() const { return for_people_; }
  /// Whether anybody sees the line of progress.
  [[nodiscard]] bool draws() const { return error_is_terminal_; }
  /// Columns of standard output; a usual number where it is no terminal.
  [[nodiscard]] std::size_t width() const;

  /// Whole lines only, so that nothing is ever cut in the middle. What a target or a server wrote
  /// may stand in all that is printed: control characters leave here escaped, and nowhere else.
  /// After a failure nothing more is written.
  void print(std::string_view lines);
  /// One line to standard error. What cannot be written there is lost.
  void say(std::string_view line);
  /// Says why a verb failed: `sonde: ` and the reason.
  void complain(std::string_view reason);
  void progress(const std::string& line);
  void clear_progress();

  /// Whether a `print` could not write all of its lines: the verb ends then.
  [[nodiscard]] bool failed() const { return failure_.has_value(); }
  /// The reader of standard output has closed it, which a verb that prints nothing now has seen.
  void note_closed_output();
  /// The exit code of a verb that has ended with `code`: this one, unless its output could not be
  /// written. Says so on standard error, once, except of a reader that has closed its end.
  [[nodiscard]] int finish(int code);

 private:
  bool for_people_;
  bool error_is_terminal_;
  bool drawn_ = false;
  std::optional<error> failure_;
  bool complained_ = false;
};

}  // namespace sonde::client
