#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <string>
#include <utility>

namespace sonde {

using boost::system::error_code;

/// An expected failure: a code that callers branch on, and a sentence that people read.
///
/// Bugs throw; everything that can go wrong in a correct program is one of these.
struct error {
  error_code code;
  std::string detail;

  /// The sentence to show: the detail where there is one, else the code's own words.
  [[nodiscard]] std::string message() const;

  /// Whether the same operation, with the same input, may succeed later. Only such errors are
  /// worth a retry (base/async/retry.hpp); a permanent one ends the item that caused it. A code
  /// of a category that this program does not know is permanent.
  [[nodiscard]] bool is_transient() const;
};

/// What an operation gives: a value, or the reason why there is none.
template <class T = void>
using result = boost::system::result<T, error>;

/// `return fail(errc::no_space, "…")`: an error from a folder's own code.
template <class Code>
[[nodiscard]] error fail(Code code, std::string detail = {}) {
  return error{make_error_code(code), std::move(detail)};
}

/// The last system call's failure, as it stands in `errno`, with what was being done.
[[nodiscard]] error fail_errno(int number, std::string detail);

/// What `result::value()` does with an error that nobody looked at: a bug, so it throws.
[[noreturn]] void throw_exception_from_error(const error& what,
                                             const boost::source_location& where);

}  // namespace sonde
