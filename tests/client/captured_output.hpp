#pragma once

#include <string>

namespace sonde::test {

/// Captures what the process writes to its two standard streams during its lifetime. They are not
/// terminals then.
class captured_output {
 public:
  captured_output();
  ~captured_output();
  captured_output(const captured_output&) = delete;
  captured_output& operator=(const captured_output&) = delete;

  /// Return what has been written so far.
  [[nodiscard]] std::string out() const { return read(files_[0]); }
  [[nodiscard]] std::string err() const { return read(files_[1]); }

 private:
  static std::string read(int file);

  int files_[2];
  int saved_[2];
};

}  // namespace sonde::test
