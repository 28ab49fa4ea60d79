#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::client {

/// The two streams of a command: what it was asked for goes to standard output, what a person may
/// want to know meanwhile to standard error, there as one line that is drawn over and over.
class terminal {
 public:
  terminal();
  /// The line of progress is gone when it ends.
  ~terminal();
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  /// Whether a person looks at standard output, or a program.
  [[nodiscard]] bool for_people() const { return out_is_terminal_; }
  /// Columns of standard output; a usual number where it is no terminal.
  [[nodiscard]] std::size_t width() const;

  /// Whole lines only, so that nothing is ever cut in the middle.
  void print(std::string_view lines);
  void say(std::string_view line);
  void progress(const std::string& line);
  void clear_progress();

 private:
  bool out_is_terminal_;
  bool error_is_terminal_;
  bool drawn_ = false;
};

}  // namespace sonde::client
