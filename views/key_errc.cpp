#include "views/key_errc.hpp"

namespace sonde::views {

const char* category_name(key_errc) {
  return "keys";
}

const char* describe(key_errc code) {
  switch (code) {
    case key_errc::invalid: return "the order for a key is not valid";
    case key_errc::not_found: return "there is no such key";
    case key_errc::too_many: return "this user has too many keys";
    case key_errc::full: return "there are too many keys";
    case key_errc::not_confirmed: return "the change of a key was not confirmed";
  }
  return "unknown error";
}

bool is_transient(key_errc code) {
  return code == key_errc::too_many || code == key_errc::full || code == key_errc::not_confirmed;
}

error_code make_error_code(key_errc code) {
  return {static_cast<int>(code), category_of<key_errc>()};
}

}  // namespace sonde::views
