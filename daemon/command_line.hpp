#pragma once

#include "daemon/configuration.hpp"

namespace sonde::daemon {

/// Runs the program: parses the command line and runs the verb. `variables` is the environment as
/// the system passes it: `NAME=value` entries, ended by a null pointer. Returns the exit code; does
/// not throw.
int run_command_line(int count, const char* const* words, const char* const* variables);

}  // namespace sonde::daemon
