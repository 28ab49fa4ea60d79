#pragma once

#include "base/result.hpp"

#include <string_view>

namespace sonde::client {

/// Writes all of `bytes` to a descriptor. Any thread may call it. Blocks while the reader is slow,
/// even if the descriptor is non-blocking. Returns the error of the system call that failed; the
/// bytes before it may have been written. SIGPIPE must be ignored.
[[nodiscard]] error_code write_all(int descriptor, std::string_view bytes);

/// Writes all of `bytes` to standard output. Verbs write there only through this function.
///
/// Errors: `errc::output_closed` if the reader has closed its end, `errc::output_failed` with the
/// system's reason in every other case.
[[nodiscard]] result<> write_output(std::string_view bytes);

/// Checks the file of standard output for errors that a file system reports only when a file is
/// closed (NFS, quotas). Standard output stays open. Errors: `errc::output_failed`.
[[nodiscard]] result<> check_output();

}  // namespace sonde::client
