#pragma once

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace sonde::test {

/// Replaces standard output by this descriptor during its lifetime, and closes the descriptor.
/// SIGPIPE is ignored meanwhile.
class replaced_output {
 public:
  explicit replaced_output(int descriptor) : before_(std::signal(SIGPIPE, SIG_IGN)) {
    std::fflush(stdout);
    saved_ = dup(STDOUT_FILENO);
    dup2(descriptor, STDOUT_FILENO);
    close(descriptor);
  }
  ~replaced_output() {
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
    std::signal(SIGPIPE, before_);
  }
  replaced_output(const replaced_output&) = delete;
  replaced_output& operator=(const replaced_output&) = delete;

 private:
  void (*before_)(int);
  int saved_ = -1;
};

/// Returns a descriptor of a file on a full disk.
inline int full_disk() {
  return open("/dev/full", O_WRONLY | O_CLOEXEC);
}

/// A pipe: what is written to `in` is read from `out`. The test closes both.
struct two_ends {
  two_ends() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    out = ends[0];
    in = ends[1];
  }
  int out = -1;
  int in = -1;
};

/// Returns the write end of a pipe without a reader.
inline int deserted_pipe() {
  two_ends made;
  close(made.out);
  return made.in;
}

}  // namespace sonde::test
