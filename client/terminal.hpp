#pragma once

#include <cstddef>
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
  void print(std::string_view lines);
  void say(std::string_view line);
  void progress(const std::string& line);
  void clear_progress();

 private:
  bool for_people_;
  bool error_is_terminal_;
  bool drawn_ = false;
};

}  // namespace sonde::client
