#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace sonde::test {

/// A program that a test runs. One pipe carries its standard output and standard error. The program
/// dies with the thread that started it. The destructor ends it and waits for it.
class child_process {
 public:
  explicit child_process(const std::vector<std::string>& command);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Reads the output until it contains `words`. Returns false if the output ends first.
  [[nodiscard]] bool says(std::string_view words);
  /// Waits for the end of the program. Returns its exit code, or -1 after a signal.
  int wait();
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  bool read_more();

  pid_t pid_ = -1;
  int pipe_ = -1;
  std::string output_;
};

}  // namespace sonde::test
