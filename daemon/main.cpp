#include "daemon/command_line.hpp"

#include <sys/stat.h>

extern char** environ;

int main(int count, char** words) {
  // Files hold hashes of keys and what every tenant has found.
  umask(077);
  return sonde::daemon::run_command_line(count, words, environ);
}
