#pragma once

#include "base/result.hpp"

#include <string_view>

namespace sonde::client {

/// Writes all of `bytes` to a descriptor, from any thread. Blocks while the reader is slow, also
/// where the descriptor is non-blocking. Gives the error of the system call that failed; the bytes
/// before it may have been written. SIGPIPE has to be ignored.
[[nodiscard]] error_code write_all(int descriptor, std::string_view bytes);

/// Writes all of `bytes` to standard output; verbs write there in no other way.
///
/// Errors: `errc::output_closed` where the reader has closed its end, `errc::output_failed` with
/// the system's reason in every other case.
[[nodiscard]] result<> write_output(std::string_view bytes);

/// Asks the file behind standard output for errors that a file system reports late, when a file is
/// closed (NFS, quotas). Standard output stays open. Errors: `errc::output_failed`.
[[nodiscard]] result<> check_output();

}  // namespace sonde::client
