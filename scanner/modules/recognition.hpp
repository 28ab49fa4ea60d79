#pragma once

#include "model/observation.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// What a service's first words say about it.
struct recognition {
  model::service_observation service;  ///< empty where no protocol is recognised
  std::string raw;                     ///< the part that is the banner, as it was said
  std::string masked;     ///< the same, with what differs from one connection to the next as `*`
  bool complete = false;  ///< no more of it will come
};

/// Recognises a protocol by the first bytes that a service said, asked or unasked. Every protocol
/// module is tried; the first that knows the bytes for its own decides. Evidence only: ports play
/// no part. Never fails; bytes that nobody knows are a banner without a service.
[[nodiscard]] recognition recognise(std::string_view said);

// The protocol modules, each in a file of its own. Nothing: these bytes are not of this protocol.

/// RFC 4253, section 4.2.
[[nodiscard]] std::optional<recognition> recognise_ssh(std::string_view said);
/// RFC 9112, section 4; the banner is the head, without the body.
[[nodiscard]] std::optional<recognition> recognise_http(std::string_view said);
/// RFC 5321 section 4.2, RFC 959 section 4.2, RFC 3977: greetings that begin with a code.
[[nodiscard]] std::optional<recognition> recognise_reply_code(std::string_view said);
/// RFC 1939 section 4, RFC 3501 section 7.1.
[[nodiscard]] std::optional<recognition> recognise_mailbox(std::string_view said);
/// The Redis serialisation protocol's errors, as the answer to a command that is none.
[[nodiscard]] std::optional<recognition> recognise_redis(std::string_view said);
/// MySQL's initial handshake packet, protocol version 10, and its error packet.
[[nodiscard]] std::optional<recognition> recognise_mysql(std::string_view said);
/// RFC 6143, section 7.1.1.
[[nodiscard]] std::optional<recognition> recognise_vnc(std::string_view said);

}  // namespace sonde::scanner
