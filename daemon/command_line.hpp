#pragma once

#include "daemon/configuration.hpp"

namespace sonde::daemon {

/// All of a program but its `main`: understands the words of the command line and runs the verb.
/// `variables` is the environment as the system gives it, `NAME=value`, ended by a null pointer.
/// Returns the exit code; nothing is thrown.
int run_command_line(int count, const char* const* words, const char* const* variables);

}  // namespace sonde::daemon
