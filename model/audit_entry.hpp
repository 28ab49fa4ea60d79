#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::model {

/// Who asked for a change, what became of it: a record of the topic `audit`. Never a secret.
struct audit_entry {
  wall_time time{};      ///< of the answer
  std::string request;   ///< its id, as in the log and in `x-error-id`
  std::string client;    ///< an IPv4 address, the /64 of an IPv6 one, or `local`: a UNIX socket
  std::string key;       ///< the id of the key that was shown; empty: none, or a gateway vouches
  std::string user;      ///< empty: the caller has not shown who they are
  std::string action;    ///< `scan.request`, `key.revoke` …
  std::string object;    ///< the id of what was made or changed; empty: there is none
  std::string target;    ///< of a scan; empty for everything else
  unsigned status = 0;   ///< of the answer, as HTTP has it
  bool partial = false;  ///< some of what was asked was refused
  std::string reason;    ///< why it was refused; empty where it was not
  std::uint64_t left_out = 0;  ///< entries before this one that were not written

  [[nodiscard]] bool accepted() const { return status < 400; }
  bool operator==(const audit_entry&) const = default;
};

/// `accepted`, `partial` or `refused`.
[[nodiscard]] std::string_view result_of(const audit_entry& entry);

[[nodiscard]] std::string to_json_text(const audit_entry& entry);
[[nodiscard]] result<audit_entry> parse_audit_entry(std::string_view text);

}  // namespace sonde::model
