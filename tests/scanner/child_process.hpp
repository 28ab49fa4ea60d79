#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace sonde::test {

/// A program that a test runs. Its output, both kinds, is read through a pipe. It dies with the
/// thread that started it, and is ended and awaited by the destructor.
class child_process {
 public:
  explicit child_process(const std::vector<std::string>& command);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Reads its output until that holds `words`; false where it ends without them.
  [[nodiscard]] bool says(std::string_view words);
  /// Waits for its end; its exit code, or -1 for a signal.
  int wait();
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  bool read_more();

  pid_t pid_ = -1;
  int pipe_ = -1;
  std::string output_;
};

}  // namespace sonde::test
