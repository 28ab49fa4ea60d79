#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::model {

/// A request that changes something, and its result: a record of the topic `audit`. Contains no
/// secret.
struct audit_entry {
  wall_time time{};      ///< of the response
  std::string request;   ///< its id, as in the log and in `x-error-id`
  std::string client;    ///< an IPv4 address, the /64 of an IPv6 one, or `local` for a UNIX socket
  std::string key;       ///< id of the API key; empty without one, or through a gateway
  std::string user;      ///< user id; empty for an unauthenticated caller
  std::string action;    ///< `scan.request`, `key.revoke` …
  std::string object;    ///< id of the created or changed scan, entity or key; may be empty
  std::string target;    ///< target of a scan; empty for other actions
  unsigned status = 0;   ///< HTTP status of the response
  bool partial = false;  ///< some lines of a bulk request were refused
  std::string reason;    ///< error sentence of a refused request; otherwise empty
  std::uint64_t left_out = 0;  ///< number of entries before this one that were not written

  [[nodiscard]] bool accepted() const { return status < 400; }
  bool operator==(const audit_entry&) const = default;
};

/// `accepted`, `partial` or `refused`.
[[nodiscard]] std::string_view result_of(const audit_entry& entry);

[[nodiscard]] std::string to_json_text(const audit_entry& entry);
[[nodiscard]] result<audit_entry> parse_audit_entry(std::string_view text);

}  // namespace sonde::model
