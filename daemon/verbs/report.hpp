#pragma once

#include "base/result.hpp"

#include <string_view>

namespace sonde::daemon {

/// Reports why a verb failed on standard error, one line for each line of the error. Returns the
/// exit code.
int complain(const error& why, int code);
/// Writes a text to standard output and returns the exit code. Reports a failed write on standard
/// error, unless the reader has closed standard output.
int print_out(std::string_view text);

}  // namespace sonde::daemon
