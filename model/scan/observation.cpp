#include "model/scan/observation.hpp"

#include "base/enum_names.hpp"

namespace sonde::model {

BOOST_DESCRIBE_ENUM(confidence, none, likely, said, proven)

std::string endpoint_text(const ip_address& address, std::uint16_t port) {
  auto host = address.is_v4() ? address.text() : "[" + address.text() + "]";
  return host + ":" + std::to_string(port) + "/tcp";
}

std::string_view name_of(confidence value) {
  return value == confidence::none ? std::string_view() : enum_name(value);
}

}  // namespace sonde::model
