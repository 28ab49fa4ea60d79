#pragma once

#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/json.hpp"
#include "model/target.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::model {

/// One webhook's message about one scan, however often it is sent. A UUID like a task's id.
using delivery_id = named_id<struct delivery_id_kind>;

/// UUIDv8 from SHA-256 over the scan's id and the webhook's: whoever sees that a scan has ended
/// derives the same one, so that a repeat changes nothing.
[[nodiscard]] delivery_id delivery_id_of(const task_id& task, std::string_view webhook);

/// Kept of one scan; the next one is refused. What a snapshot holds has to fit a record.
inline constexpr std::size_t most_webhooks = 8;

/// Where a caller wants to be told of a scan's end, as records carry it: what may be a secret is
/// sealed (see `webhook_keys`), and a URL is one.
struct webhook {
  std::string id;        ///< 64 hexadecimal digits; the same for the same URL, headers and secret
  std::string endpoint;  ///< `https://hooks.example.com:443`: who shares a receiver
  std::string sealed;    ///< empty once nobody needs it any more
  bool operator==(const webhook&) const = default;
};

/// The same, as the caller gave it.
struct webhook_order {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string secret;      ///< `whsec_…`; empty: one that is derived for this owner and URL
  std::string owner = {};  ///< the user; empty in what an earlier version has written
  bool operator==(const webhook_order&) const = default;
};

/// A webhook's URL, taken apart.
struct webhook_url {
  bool tls = false;
  model::target host;
  std::uint16_t port = 0;
  std::string path;  ///< with the query; begins with a slash

  [[nodiscard]] std::string endpoint() const;
  /// As `Host` wants it: without the port where that is the usual one.
  [[nodiscard]] std::string authority() const;
};

/// Absolute, http or https, without user and fragment (RFC 3986), at most 2,048 bytes.
[[nodiscard]] result<webhook_url> parse_webhook_url(std::string_view text);

/// A header that a caller may have us send: a token and visible ASCII (RFC 9110, section 5), and
/// none of those that frame the message, say who sends it, or are signed.
[[nodiscard]] result<> check_webhook_header(std::string_view name, std::string_view value);

/// `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks 1.0): the bytes.
[[nodiscard]] result<std::string> parse_webhook_secret(std::string_view text);

/// The `webhook` of a request's body. Errors name the field, what is wrong with it, and the mend,
/// and repeat no value.
[[nodiscard]] result<webhook_order> parse_webhook_order(const json& body);

[[nodiscard]] json to_json(const webhook& hook);
[[nodiscard]] result<webhook> parse_webhook(const json& object);

}  // namespace sonde::model
