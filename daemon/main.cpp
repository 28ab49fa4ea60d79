#include "daemon/command_line.hpp"

#include <exception>
#include <iostream>
#include <string_view>

extern char** environ;

int main(int count, char** words) {
  try {
    sonde::daemon::environment variables;
    for (char** each = environ; *each != nullptr; ++each) {
      std::string_view entry(*each);
      auto equals = entry.find('=');
      if (equals != std::string_view::npos) {
        variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
      }
    }
    return sonde::daemon::run_command_line(count, words, std::move(variables));
  } catch (const std::exception& e) {
    std::cerr << "sonde: " << e.what() << "\n";
    return 70;  // EX_SOFTWARE: a bug
  }
}
