#include "tls/alert.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::tls {

TEST_CASE("alerts have the names that the RFCs give them") {
  CHECK(alert_name(0) == "close_notify");
  CHECK(alert_name(40) == "handshake_failure");
  CHECK(alert_name(70) == "protocol_version");
  CHECK(alert_name(112) == "unrecognized_name");
  CHECK(alert_name(116) == "certificate_required");
  CHECK(alert_name(120) == "no_application_protocol");
  CHECK(alert_name(255) == "unknown");
}

}  // namespace sonde::tls
