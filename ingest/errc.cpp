#include "ingest/errc.hpp"

namespace sonde::ingest {

const char* category_name(errc) {
  return "ingest";
}

const char* describe(errc code) {
  switch (code) {
    case errc::invalid: return "the request is not valid";
    case errc::not_found: return "it does not exist";
    case errc::gone: return "it is no longer kept";
    case errc::too_large: return "it is too large";
    case errc::too_many: return "too many requests";
    case errc::unavailable: return "the server cannot do this now; try again later";
  }
  return "unknown error";
}

bool is_transient(errc code) {
  switch (code) {
    case errc::too_many:
    case errc::unavailable: return true;
    default: return false;
  }
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

}  // namespace sonde::ingest
