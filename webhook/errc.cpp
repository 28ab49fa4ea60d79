#include "webhook/errc.hpp"

namespace sonde::webhook {

const char* category_name(errc) {
  return "webhook";
}

const char* describe(errc code) {
  switch (code) {
    case errc::unusable: return "unusable";
    case errc::forbidden: return "forbidden";
    case errc::no_address: return "no_address";
    case errc::unreachable: return "unreachable";
    case errc::tls: return "tls";
    case errc::broken: return "broken";
    case errc::timeout: return "timeout";
    case errc::refused: return "refused";
    case errc::cancelled: return "cancelled";
  }
  return "unknown error";
}

bool is_transient(errc code) {
  switch (code) {
    case errc::no_address:
    case errc::unreachable:
    case errc::tls:
    case errc::broken:
    case errc::timeout:
    case errc::refused: return true;
    default: return false;
  }
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

}  // namespace sonde::webhook
