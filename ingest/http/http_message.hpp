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

/// The caller of a request, as far as this server has identified them. Empty before authentication.
struct caller {
  std::string user_id;  ///< the source of their assertions
  std::string user_name;
  std::string key_id;  ///< the API key of the request; empty if a gateway identifies them
  std::string rate_id =
      {};  ///< the key whose rate it counts for: the one it derives from, or itself
  /// Their own groups, sorted, unique: the visibility of their scans and of what they submit.
  std::vector<std::string> groups;
  /// The groups whose data they see: their own and the public one. Sorted, unique.
  std::vector<std::string> sees;
  std::set<std::string> roles;  ///< `admin` implies all of them

  [[nodiscard]] bool has(const std::string& role) const {
    return roles.contains(role) || roles.contains("admin");
  }
};

/// The connection of a request that waits for a change. While it waits, the connection can be
/// closed to make room for another one. Lives on the connection's loop, as long as the request.
class long_wait {
 public:
  virtual ~long_wait() = default;
  virtual void begin() = 0;
  virtual void end() = 0;
  /// Tells whether the connection was closed; the response is discarded then.
  [[nodiscard]] virtual bool closed() const = 0;
};

/// A request as handlers see it: read completely, within its limits. Independent of Beast.
struct http_request {
  std::string method;
  std::string path;                            ///< without the query, percent-decoded
  std::map<std::string, std::string> query;    ///< decoded
  std::map<std::string, std::string> headers;  ///< names in lower case; the first of each name
  std::set<std::string> repeated;              ///< names of headers that occur more than once
  std::string body;
  std::string peer;         ///< IPv4 address or IPv6 /64 of the client; empty: a UNIX socket
  bool by_gateway = false;  ///< the peer is a gateway whose identity headers are trusted
  caller who;
  std::string id;             ///< unique, for the log and for `x-error-id`
  long_wait* wait = nullptr;  ///< null if the connection cannot be closed during the request

  // Set by the router from the header.
  std::string_view action;  ///< the route's action, as in `route_rules`
  bool admitted = false;    ///< may be executed
  bool takes_body = true;
  std::size_t route = 0;
  std::vector<std::string> parameters;  ///< the values of the path's `{…}` segments, in order

  [[nodiscard]] const std::string* header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? nullptr : &found->second;
  }
};

/// Returns the key under which limits per caller count a request: an API key with all keys derived
/// from it, a gateway's user, or an address for an unidentified caller.
[[nodiscard]] std::string counted_as(const http_request& request);

/// The subject of a request in the audit trail. Empty if its handler sets nothing.
struct audit_subject {
  std::string_view action = {};  ///< set if the route alone does not determine it
  std::string object = {};
  std::string target = {};
  bool unchanged = false;  ///< nothing changed: the response was a replay
};

struct http_response {
  /// The request headers that the response depends on (RFC 9110, section 12.5.5).
  enum class depends_on { none, key, gateway };
  /// The log line of an error response: by status (a warning from 500 up, `info` below), at most
  /// `info`, or none.
  enum class log_line { by_status, info, none };

  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool close = false;      ///< close the connection after it
  bool partial = false;    ///< success that rejects some items of the request
  bool cacheable = false;  ///< by any cache for a minute; other responses by none
  depends_on varies = depends_on::none;
  log_line logged = log_line::by_status;
  audit_subject about = {};  ///< not sent
};

/// The way in which a response is sent.
struct delivery {
  bool head = false;      ///< response to `HEAD`: without its body
  bool keep = false;      ///< further requests may follow on this connection
  unsigned version = 11;  ///< of the request; 10: announce a persistent connection
  std::string date;       ///< value of `Date`
};

/// Serialises the status line and header of a response for HTTP/1.1, with the empty line after
/// them.
[[nodiscard]] std::string header_to_wire(const http_response& answer, const delivery& how);
/// The same with the body, if it has to be sent.
[[nodiscard]] std::string to_wire(const http_response& answer, const delivery& how);

/// Parses the path and query of a request target in origin form (RFC 9112, section 3.2.1). Fails if
/// the target has another form, has an invalid encoding, or if a segment of its path contains a
/// percent-encoded control byte or slash: two programs would see different paths in it.
[[nodiscard]] result<> parse_request_target(std::string_view target, http_request& into);

}  // namespace sonde::ingest
