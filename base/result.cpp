#include "base/result.hpp"

#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

namespace sonde {

std::string error::message() const {
  return detail.empty() ? code.message() : detail;
}

error fail_errno(int number, std::string detail) {
  error_code code(number, boost::system::system_category());
  return error{code, std::move(detail) + ": " + code.message()};
}

void throw_exception_from_error(const error& what, const boost::source_location& where) {
  boost::throw_exception(boost::system::system_error(what.code, what.detail), where);
}

}  // namespace sonde
