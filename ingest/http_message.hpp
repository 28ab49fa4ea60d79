#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::ingest {

/// Who sends a request, as far as this server has found out. Nobody, until it has.
struct caller {
  std::string user_id;  ///< the source of what they say
  std::string user_name;
  std::string key_id;  ///< the key they have shown; empty where a gateway vouches for them
  std::string rate_id =
      {};  ///< the key whose rate it counts for: the one it derives from, or itself
  /// Their own, sorted, unique: the scope of their scans, and who sees what they submit.
  std::vector<std::string> groups;
  /// What they may see: their own groups', and what is public. Sorted, unique.
  std::vector<std::string> sees;
  std::set<std::string> roles;  ///< `admin` has them all

  [[nodiscard]] bool has(const std::string& role) const {
    return roles.contains(role) || roles.contains("admin");
  }
};

/// A request as handlers see it: read whole, within its limits. Nothing of Beast.
struct http_request {
  std::string method;
  std::string path;                            ///< without the query, percent-decoded
  std::map<std::string, std::string> query;    ///< decoded
  std::map<std::string, std::string> headers;  ///< names in lower case; the first of each name
  std::set<std::string> repeated;              ///< names of headers that came more than once
  std::string body;
  std::string peer;  ///< the IPv4 address or IPv6 /64 that it came from; empty: a UNIX socket
  bool by_gateway = false;  ///< from a peer that is believed who it names
  caller who;
  std::string id;  ///< unique, for the log and for `x-error-id`

  [[nodiscard]] const std::string* header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? nullptr : &found->second;
  }
};

struct http_response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool close = false;    ///< hang up after it
  bool partial = false;  ///< a success that has refused some of what was asked
};

/// An answer as HTTP/1.1 has it. `head`: without its body, to `HEAD`; `keep`: further requests may
/// follow on this connection.
[[nodiscard]] std::string to_wire(http_response answer, bool head, bool keep);

/// The path and query of a request target in origin form (RFC 9112, section 3.2.1). False: it is
/// none, or is not well encoded.
[[nodiscard]] bool parse_request_target(std::string_view target, http_request& into);

}  // namespace sonde::ingest
