#include "tls/errc.hpp"

namespace sonde::tls {

const char* category_name(errc) {
  return "tls";
}

const char* describe(errc code) {
  switch (code) {
    case errc::not_tls: return "the peer does not speak TLS";
    case errc::refused: return "the peer ended TLS with an alert";
    case errc::closed: return "the peer closed the connection during the TLS handshake";
    case errc::broken: return "the peer's TLS is broken";
    case errc::over_limit: return "the peer's TLS handshake is too long";
    case errc::not_established: return "there is no TLS connection";
  }
  return "unknown error";
}

/// Returns false: every error is permanent, because a faulty value stays faulty.
bool is_transient(errc) {
  return false;
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

}  // namespace sonde::tls
