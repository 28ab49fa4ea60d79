#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::client {

/// Errors of the command-line verbs, by the message that the user sees.
enum class errc {
  usage = 1,  ///< the command line is invalid
  no_server,  ///< no server answers at the address
  refused,    ///< the server refused the request and gave a reason
  try_later,  ///< the server cannot serve the request now
  not_found,
  gone,           ///< it existed and is no longer kept
  interrupted,    ///< by Ctrl-C
  untrusted,      ///< the server has not proved its identity
  output_failed,  ///< standard output cannot be written
  output_closed,  ///< the reader of standard output has closed its end
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

/// Exit codes of the process, from sysexits.h if it defines a number.
namespace exit_code {
inline constexpr int done = 0;
inline constexpr int scan_failed = 1;
inline constexpr int usage = 64;
inline constexpr int no_server = 69;  ///< or the server is not trusted
inline constexpr int internal = 70;   ///< a bug
inline constexpr int data_folder = 74;
inline constexpr int output = 74;  ///< standard output cannot be written
inline constexpr int configuration = 78;
inline constexpr int interrupted = 130;
inline constexpr int output_closed = 141;  ///< a shell's exit code for a process that SIGPIPE ended
}  // namespace exit_code

/// Returns the exit code for an error of this folder or of `admin`.
[[nodiscard]] int exit_code_of(const error& why);

}  // namespace sonde::client

template <>
struct boost::system::is_error_code_enum<sonde::client::errc> : std::true_type {};
