#include "net/errc.hpp"

namespace sonde::net {

const char* category_name(errc) {
  return "net";
}

const char* describe(errc code) {
  switch (code) {
    case errc::unknown_name: return "the name has no address";
    case errc::refused: return "the connection was refused";
    case errc::unreachable: return "no connection";
    case errc::timeout: return "no answer in time";
    case errc::tls: return "no TLS";
    case errc::untrusted: return "the certificate is not trusted";
    case errc::closed: return "the connection was closed";
    case errc::malformed: return "no HTTP";
    case errc::too_long: return "the response is too long";
    case errc::interim_only: return "only interim responses";
    case errc::cancelled: return "cancelled";
    case errc::no_url: return "no URL";
  }
  return "unknown error";
}

bool is_transient(errc code) {
  return code != errc::cancelled && code != errc::no_url;
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

}  // namespace sonde::net
