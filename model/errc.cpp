#include "model/errc.hpp"

namespace sonde::model {

const char* category_name(errc) {
  return "model";
}

const char* describe(errc code) {
  switch (code) {
    case errc::invalid_target: return "not a target";
    case errc::invalid_ports: return "not a list of ports";
    case errc::invalid_network: return "not a network";
    case errc::invalid_json: return "not JSON that this program accepts";
    case errc::invalid_field: return "a field is missing, unknown or of the wrong kind";
    case errc::invalid_record: return "not a record of this topic";
    case errc::invalid_text: return "not UTF-8";
    case errc::invalid_value: return "not a value of its data type";
    case errc::over_budget: return "exceeds the work limit of one request";
  }
  return "unknown error";
}

/// Returns false: an invalid value stays invalid.
bool is_transient(errc) {
  return false;
}

error_code make_error_code(errc code) {
  return {static_cast<int>(code), category_of<errc>()};
}

}  // namespace sonde::model
