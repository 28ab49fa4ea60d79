#pragma once

#include "base/error_category.hpp"
#include "base/result.hpp"

#include <type_traits>

namespace sonde::client {

/// How a verb of the command line can fail, by what is told to its user.
enum class errc {
  usage = 1,  ///< the words of the command
  no_server,  ///< nobody answers where the server should be
  refused,    ///< the server said no, and why
  try_later,  ///< the server said not now
  not_found,
  interrupted,    ///< by Ctrl-C
  untrusted,      ///< who answers has not proved to be the server
  output_failed,  ///< standard output cannot be written
  output_closed,  ///< the reader of standard output has closed its end
};

[[nodiscard]] const char* category_name(errc);
[[nodiscard]] const char* describe(errc code);
[[nodiscard]] bool is_transient(errc code);
[[nodiscard]] error_code make_error_code(errc code);

/// What the process returns (sysexits.h, where it has a number for it).
namespace exit_code {
inline constexpr int done = 0;
inline constexpr int scan_failed = 1;
inline constexpr int usage = 64;
inline constexpr int no_server = 69;  ///< or none that can be believed
inline constexpr int internal = 70;   ///< a bug
inline constexpr int data_folder = 74;
inline constexpr int output = 74;  ///< standard output cannot be written
inline constexpr int configuration = 78;
inline constexpr int interrupted = 130;
inline constexpr int output_closed = 141;  ///< as a shell shows a filter that SIGPIPE has ended
}  // namespace exit_code

[[nodiscard]] int exit_code_of(const error& why);

}  // namespace sonde::client

template <>
struct boost::system::is_error_code_enum<sonde::client::errc> : std::true_type {};
