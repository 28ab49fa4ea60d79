#pragma once

#include "model/scan/observation.hpp"

#include <string_view>

namespace sonde::scanner {

/// Names the product of an HTTP response by its head and as much of its body as is there.
///
/// `service` holds what the field Server says as it stands. Where the table knows that token, the
/// product gets its usual name, and the version is dropped if it is another program's. An
/// application that shows itself elsewhere (a field, a cookie, the page) becomes the product where
/// no server names itself, else the fact `application`: `Grafana 9.3.2`.
void note_http_product(std::string_view head, std::string_view body,
                       model::service_observation& service);

}  // namespace sonde::scanner
