// The daemon on a disk that forgets what was not synced: killing it is a power cut.

#include "daemon/command_line.hpp"
#include "tests/support/volatile_disk.hpp"

#include <string_view>

extern char** environ;

int main(int count, char** words) {
  sonde::test::use_volatile_disk();
  sonde::daemon::environment variables;
  for (char** each = environ; *each != nullptr; ++each) {
    std::string_view entry(*each);
    auto equals = entry.find('=');
    if (equals != std::string_view::npos) {
      variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }
  return sonde::daemon::run_command_line(count, words, std::move(variables));
}
