#include "daemon/command_line.hpp"

extern char** environ;

int main(int count, char** words) {
  return sonde::daemon::run_command_line(count, words, environ);
}
