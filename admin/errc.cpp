#include "admin/errc.hpp"

namespace sonde::admin {

const char* category_name(errc) {
  return "admin";
}

const char* describe(errc code) {
  switch (code) {
    case errc::invalid: return "the order is invalid";
    case errc::not_found: return "there is no such key or dead letter";
    case errc::too_many: return "this user has too many keys";
    case errc::full: return "there are too many keys";
    case errc::not_confirmed: return "the change of a key was not confirmed";
    case errc::behind: return "not all keys have been read yet";
  }
  return "unknown error";
}

bool is_transient(errc code) {
  switch (code) {
    case errc::too_many:
    case errc::full:
    case errc::not_confirmed:
    case errc::behind: return true;
    default: return false;
  }
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

unsigned status_of(const error& why) {
  if (why.code == make_error_code(errc::not_found)) return 404;
  if (why.code == make_error_code(errc::invalid)) return 400;
  return 503;
}

}  // namespace sonde::admin
