#include "scanner/errc.hpp"

namespace sonde::scanner {

const char* category_name(errc) {
  return "scanner";
}

const char* describe(errc code) {
  switch (code) {
    case errc::refused: return "connection refused";
    case errc::reset: return "connection reset";
    case errc::closed: return "connection closed";
    case errc::silent: return "no answer in time";
    case errc::unreachable: return "unreachable";
    case errc::local_error: return "this machine could not try";
    case errc::no_route: return "this machine has no route to it";
    case errc::forbidden: return "this machine's own rules forbid it";
    case errc::listen_only: return "listened only: raw printing port";
    case errc::industrial:
      return "listened only: industrial port; scan.industrial allows a request";
    case errc::out_of_scope: return "out of scope";
    case errc::excluded: return "excluded";
    case errc::deadline: return "the time ran out";
    case errc::cancelled: return "cancelled";
    case errc::nxdomain: return "the name does not exist";
    case errc::no_data: return "the name has no address";
    case errc::servfail: return "the name servers failed";
    case errc::dns_timeout: return "no name server answered";
    case errc::fingerprint_file: return "the fingerprints are invalid";
  }
  return "unknown error";
}

bool is_transient(errc code) {
  switch (code) {
    case errc::reset:
    case errc::silent:
    case errc::local_error:
    case errc::deadline:
    case errc::servfail:
    case errc::dns_timeout: return true;
    default: return false;
  }
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

}  // namespace sonde::scanner
