#include "model/observation.hpp"

namespace sonde::model {

std::string endpoint_text(const ip_address& address, std::uint16_t port) {
  auto host = address.is_v4() ? address.text() : "[" + address.text() + "]";
  return host + ":" + std::to_string(port) + "/tcp";
}

}  // namespace sonde::model
