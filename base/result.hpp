#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <string>
#include <utility>

namespace sonde {

using boost::system::error_code;

/// An expected failure: a code for the caller's decisions, and a sentence for people.
///
/// Bugs throw. Every failure that can occur in a correct program is an `error`.
struct error {
  error_code code;
  std::string detail;

  /// The sentence to show: the detail if there is one, otherwise the message of the code.
  [[nodiscard]] std::string message() const;

  /// Reports whether the same operation, with the same input, may succeed later. Only such errors
  /// are worth a retry (base/async/retry.hpp). A permanent error ends the item that caused it. A
  /// code of a category that this program does not know is permanent.
  [[nodiscard]] bool is_transient() const;
};

/// The result of an operation: a value, or the reason for its absence.
template <class T = void>
using result = boost::system::result<T, error>;

/// Makes an error from a folder's own code: `return fail(errc::no_space, "…")`.
template <class Code>
[[nodiscard]] error fail(Code code, std::string detail = {}) {
  return error{make_error_code(code), std::move(detail)};
}

/// Makes an error from the `errno` of a failed system call and a description of the operation.
[[nodiscard]] error fail_errno(int number, std::string detail);

/// `result::value()` calls this for an error that was not checked. This is a bug, so it throws.
[[noreturn]] void throw_exception_from_error(const error& what,
                                             const boost::source_location& where);

}  // namespace sonde
