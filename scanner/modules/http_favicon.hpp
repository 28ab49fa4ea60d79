#pragma once

#include "model/scan/observation.hpp"
#include "scanner/modules/module.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// Tells whether a service showed a web page, so that it may have an icon: HTTP with a status 2xx
/// and the type HTML. Reads the head in the banner.
[[nodiscard]] bool shows_http_page(const model::endpoint_observation& seen);

/// A talk of `GET /favicon.ico`. Its service has the fact `favicon` and no name. A response without
/// status 200 and `Content-Length`, an empty one, and one of a text type have no icon. The size of
/// the icon is limited by `engine_limits::talk_bytes`.
[[nodiscard]] std::unique_ptr<protocol_talk> favicon_talk(const talk_context& context);

/// Returns the hash of an icon by which search engines for services find it: MurmurHash3 of its
/// base64 in lines of 76 characters (RFC 2045), as a signed decimal number. Pure.
[[nodiscard]] std::string favicon_hash(std::string_view icon);

}  // namespace sonde::scanner
