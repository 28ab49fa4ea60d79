#pragma once

#include "client/scan_api.hpp"
#include "client/server_address.hpp"

#include <memory>

namespace sonde::client {

/// Creates the API of a server that is reached over HTTP.
[[nodiscard]] std::unique_ptr<scan_api> make_http_api(executor loop, server_address server);

}  // namespace sonde::client
