#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <map>
#include <optional>
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

/// The connection of a request that waits for something to change: while it does, it can be closed
/// to make room for another one. Lives on the connection's loop, as long as the request.
class long_wait {
 public:
  virtual ~long_wait() = default;
  virtual void begin() = 0;
  virtual void end() = 0;
  /// It was closed; the answer goes nowhere.
  [[nodiscard]] virtual bool closed() const = 0;
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
  std::string id;             ///< unique, for the log and for `x-error-id`
  long_wait* wait = nullptr;  ///< none where the connection cannot be closed meanwhile

  // What the router has found out from the header.
  std::string_view action;  ///< the route's, as `route_rules` has it
  bool admitted = false;    ///< it may be carried out
  bool takes_body = true;
  std::size_t route = 0;
  std::vector<std::string> parameters;  ///< the values of the path's `{…}` segments, in order

  [[nodiscard]] const std::string* header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? nullptr : &found->second;
  }
};

/// What limits of a caller count a request by: a key with all that derive from it, a gateway's
/// user, or, where nobody has said who they are, an address.
[[nodiscard]] std::string counted_as(const http_request& request);

/// What a request was about, for the audit trail. Empty where its handler says nothing.
struct audit_subject {
  std::string_view action = {};  ///< where the route alone does not tell
  std::string object = {};
  std::string target = {};
  bool unchanged = false;  ///< nothing was changed: the answer had been given before
};

struct http_response {
  /// Which headers of the request its answer depends on (RFC 9110, section 12.5.5).
  enum class depends_on { none, key, gateway };

  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool close = false;      ///< hang up after it
  bool partial = false;    ///< a success that has refused some of what was asked
  bool cacheable = false;  ///< by anybody, for a minute; everything else by nobody
  depends_on varies = depends_on::none;
  audit_subject about = {};  ///< not sent
};

/// How an answer goes out.
struct delivery {
  bool head = false;      ///< to `HEAD`: without its body
  bool keep = false;      ///< further requests may follow on this connection
  unsigned version = 11;  ///< the request's; on 10 a connection that is kept is announced
  std::string date;       ///< for `Date`
};

/// An answer's status line and header as HTTP/1.1 has them, with the empty line behind.
[[nodiscard]] std::string header_to_wire(const http_response& answer, const delivery& how);
/// The same with the body, where it has to go along.
[[nodiscard]] std::string to_wire(const http_response& answer, const delivery& how);

/// The path and query of a request target in origin form (RFC 9112, section 3.2.1). An error: it
/// is none, is not well encoded, or a segment of its path holds a control byte or a slash that is
/// percent-encoded: two programs would see different paths in it.
[[nodiscard]] result<> parse_request_target(std::string_view target, http_request& into);

}  // namespace sonde::ingest
