#pragma once

#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/net/target.hpp"
#include "model/text/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::model {

/// The id of one webhook message about one scan. All tries have the same id. A UUID like a task's
/// id.
using delivery_id = named_id<struct delivery_id_kind>;

/// UUIDv8 from SHA-256 over the ids of the scan and the webhook. Every process derives the same id
/// for the end of a scan, so a repetition changes nothing.
[[nodiscard]] delivery_id delivery_id_of(const task_id& task, std::string_view webhook);

/// The limit of one scan; further webhooks are refused. All webhooks of a snapshot must fit in a
/// record.
inline constexpr std::size_t most_webhooks = 8;

/// A webhook for the end of a scan, as records contain it. Everything that may be secret, including
/// the URL, is encrypted (see `webhook_keys`).
struct webhook {
  std::string id;         ///< 64 hexadecimal digits; equal for equal URL, headers and secret
  std::string endpoint;   ///< `https://hooks.example.com:443`: identifies the receiver
  std::string encrypted;  ///< empty when no longer needed
  bool operator==(const webhook&) const = default;
};

/// A webhook in plain text, as the caller gave it.
struct webhook_order {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string secret;      ///< `whsec_…`; empty: derived for this owner and URL
  std::string owner = {};  ///< the user; empty in records of earlier versions
  bool operator==(const webhook_order&) const = default;
};

/// The parts of a webhook's URL.
struct webhook_url {
  bool tls = false;
  model::target host;
  std::uint16_t port = 0;
  std::string path;  ///< including the query; begins with a slash

  [[nodiscard]] std::string endpoint() const;
  /// Returns the value for `Host`: without the port if it is the default port.
  [[nodiscard]] std::string authority() const;
};

/// Parses an absolute http or https URL without user and fragment (RFC 3986), at most 2,048 bytes.
[[nodiscard]] result<webhook_url> parse_webhook_url(std::string_view text);

/// Checks a header of a webhook order: a token and visible ASCII (RFC 9110, section 5). Headers
/// that frame the message, identify the sender or are signed are refused.
[[nodiscard]] result<> check_webhook_header(std::string_view name, std::string_view value);

/// Decodes `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks 1.0).
[[nodiscard]] result<std::string> parse_webhook_secret(std::string_view text);

/// Reads `webhook` of a request body. Errors name the field, the defect and the correction, and
/// contain no values.
[[nodiscard]] result<webhook_order> parse_webhook_order(const json& body);

[[nodiscard]] json to_json(const webhook& hook);
[[nodiscard]] result<webhook> parse_webhook(const json& object);

}  // namespace sonde::model
