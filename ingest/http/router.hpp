#pragma once

#include "base/async/asio.hpp"
#include "ingest/http/http_message.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::ingest {

/// The values of a path's `{…}` segments, in order.
using path_parameters = std::vector<std::string>;
using request_handler = std::function<awaitable<http_response>(http_request, path_parameters)>;

/// The callers that may use a route.
enum class access {
  everybody,
  any_caller,  ///< every caller with valid credentials
  user,
  reporter,
  trusted,
  metrics,
};

/// Tells whether a successful response of a route may be cached and sent again.
enum class secrecy {
  open,
  told_once,  ///< it contains a secret that is reported only once
};

/// The properties of a route besides its path and access.
struct route_rules {
  secrecy what = secrecy::open;
  /// The change it makes, as recorded in the audit trail; outlives the router. Empty: none.
  std::string_view action = {};
  /// The accepted query parameters. A route that needs credentials rejects others by name: a
  /// misspelt parameter would otherwise be ignored silently.
  std::vector<std::string> query = {};
};

/// Authenticates callers. Lives on the router's loop.
class authentication {
 public:
  virtual ~authentication() = default;
  /// Waits until authentication is possible. Returns false if it is not possible now.
  virtual awaitable<bool> ready() = 0;
  /// Fills in `request.who`, or returns the response that rejects the request.
  virtual std::optional<http_response> check(http_request& request, access needed) = 0;
  /// Checks a request that fails for every caller because its path does not exist. Fills in
  /// `request.who` if the credentials are valid. Returns a response only if the caller exceeds its
  /// rate.
  virtual std::optional<http_response> check_stray(http_request& request) = 0;
};

/// Middleware that admitted requests pass before their handler. Lives on the router's loop.
class middleware {
 public:
  virtual ~middleware() = default;
  /// Tells whether it handles this request. Other requests bypass it at no further cost.
  [[nodiscard]] virtual bool concerns(const http_request& request) const = 0;
  /// Responds to the request, with or without its handler.
  virtual awaitable<http_response> pass(http_request request, path_parameters parameters,
                                        request_handler handler, secrecy what) = 0;
};

/// Returns the rejection of a caller without the required role; nothing if the caller has it.
[[nodiscard]] std::optional<http_response> check_role(const http_request& request, access needed);

/// Finds the handler of a request. Handles HEAD like GET without a body, and OPTIONS with the list
/// of methods, also for `*`. A known path with another method gets 405, an unknown path 404. On a
/// path that needs credentials these are checked first, for every method.
class router {
 public:
  /// Sets the authenticator, which outlives the router's use. Without it `request.who` is used as
  /// it is.
  void set_authentication(authentication& authentication) { authentication_ = &authentication; }
  /// Sets the middleware, which outlives the router's use.
  void set_middleware(middleware& middleware) { middleware_ = &middleware; }

  /// Adds a route. `pattern`: `/api/ingest/v1/scan/{id}`; a segment in braces matches any one
  /// segment.
  void add(std::string method, const std::string& pattern, access who, request_handler handler,
           route_rules rules = {});

  /// Finds the route of a request from the header alone and checks whether the sender may use it.
  /// If it returns a response, the request must not be executed and its body is not needed.
  awaitable<std::optional<http_response>> admit(http_request& request) const;
  /// Executes a request; admits it first if that has not been done.
  awaitable<http_response> handle(http_request request) const;

 private:
  [[nodiscard]] http_response all_of_it() const;

  struct route {
    std::string method;
    std::vector<std::string> pattern;
    access who;
    request_handler handler;
    route_rules rules;
  };
  struct found_route;
  [[nodiscard]] found_route find(const http_request& request) const;
  awaitable<std::optional<http_response>> let_in(http_request& request, access needed) const;
  awaitable<std::optional<http_response>> choose(http_request& request,
                                                 const found_route& found) const;
  /// Returns the rejection of a query parameter that the route does not accept.
  [[nodiscard]] static std::optional<http_response> check_query(const http_request& request,
                                                                const route& chosen);

  std::vector<route> routes_;
  authentication* authentication_ = nullptr;
  middleware* middleware_ = nullptr;
};

}  // namespace sonde::ingest
