#pragma once

#include "client/http_client.hpp"
#include "client/scan_api.hpp"

#include <memory>

namespace sonde::client {

/// A server over HTTP.
[[nodiscard]] std::unique_ptr<scan_api> make_http_api(executor loop, server_address server);

}  // namespace sonde::client
