#pragma once

#include "daemon/configuration.hpp"

namespace sonde::daemon {

/// Understands the words of the command line and runs the verb. Returns the exit code.
int run_command_line(int count, const char* const* words, environment variables);

}  // namespace sonde::daemon
