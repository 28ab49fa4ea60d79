#pragma once

#include <string>

namespace sonde::test {

/// While it lives, what the process writes to its two standard streams goes here. They are no
/// terminals then.
class captured_output {
 public:
  captured_output();
  ~captured_output();
  captured_output(const captured_output&) = delete;
  captured_output& operator=(const captured_output&) = delete;

  /// What has been written until now.
  [[nodiscard]] std::string out() const { return read(files_[0]); }
  [[nodiscard]] std::string err() const { return read(files_[1]); }

 private:
  static std::string read(int file);

  int files_[2];
  int saved_[2];
};

}  // namespace sonde::test
