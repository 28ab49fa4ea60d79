#include "base/result.hpp"

#include "base/error_category.hpp"

#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

#include <cerrno>

namespace sonde {

std::string error::message() const {
  return detail.empty() ? code.message() : detail;
}

namespace {

/// Errors of system calls that mean that this machine is short of a resource or that a peer is
/// gone.
bool is_transient_errno(int number) {
  switch (number) {
    case EINTR:
    case EAGAIN:
    case EBUSY:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EADDRNOTAVAIL:
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN: return true;
    default: return false;
  }
}

}  // namespace

bool error::is_transient() const {
  if (!code) return false;
  if (const auto* ours = dynamic_cast<const classified_category*>(&code.category())) {
    return ours->transient(code.value());
  }
  auto condition = code.default_error_condition();
  return condition.category() == boost::system::generic_category() &&
         is_transient_errno(condition.value());
}

error fail_errno(int number, std::string detail) {
  error_code code(number, boost::system::system_category());
  return error{code, std::move(detail) + ": " + code.message()};
}

void throw_exception_from_error(const error& what, const boost::source_location& where) {
  boost::throw_exception(boost::system::system_error(what.code, what.detail), where);
}

}  // namespace sonde
