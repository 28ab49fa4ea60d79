#include "client/errc.hpp"
#include "daemon/command_line.hpp"
#include "daemon/descriptors.hpp"

#include <sys/stat.h>

extern char** environ;

int main(int count, char** words) {
  if (!sonde::daemon::open_standard_streams()) return sonde::client::exit_code::output;
  // Files contain hashes of keys and the results of every tenant.
  umask(077);
  return sonde::daemon::run_command_line(count, words, environ);
}
