#include "tests/client/captured_output.hpp"

#include <cstdio>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sonde::test {

captured_output::captured_output() {
  std::fflush(nullptr);
  for (int stream : {0, 1}) {
    files_[stream] = memfd_create("captured", MFD_CLOEXEC);
    saved_[stream] = dup(stream + 1);
    dup2(files_[stream], stream + 1);
  }
}

captured_output::~captured_output() {
  std::fflush(nullptr);
  for (int stream : {0, 1}) {
    dup2(saved_[stream], stream + 1);
    close(saved_[stream]);
    close(files_[stream]);
  }
}

std::string captured_output::read(int file) {
  struct stat about {};
  fstat(file, &about);
  std::string out(static_cast<std::size_t>(about.st_size), '\0');
  auto size = pread(file, out.data(), out.size(), 0);
  out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return out;
}

}  // namespace sonde::test
