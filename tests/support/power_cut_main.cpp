// The daemon on a disk that loses unsynced writes: killing it has the effect of a power cut.

#include "daemon/command_line.hpp"
#include "tests/support/volatile_disk.hpp"

extern char** environ;

int main(int count, char** words) {
  sonde::test::use_volatile_disk();
  return sonde::daemon::run_command_line(count, words, environ);
}
