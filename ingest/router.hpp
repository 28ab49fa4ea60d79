#pragma once

#include "base/async/asio.hpp"
#include "ingest/http_message.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::ingest {

/// The values of a path's `{…}` segments, in order.
using path_parameters = std::vector<std::string>;
using request_handler = std::function<awaitable<http_response>(http_request, path_parameters)>;

/// Who may use a route.
enum class access {
  everybody,
  any_caller,  ///< whoever has credentials
  user,
  reporter,
  trusted,
  metrics,
};

/// Whether the answer of a route that has gone well may be kept and given again.
enum class secrecy {
  open,
  told_once,  ///< it holds a secret that nobody is told a second time
};

/// What a route says of itself beside its path and who may use it.
struct route_rules {
  secrecy what = secrecy::open;
  /// What it changes, as the audit trail has it; outlives the router. Empty: it changes nothing.
  std::string_view action = {};
  /// The query parameters that it takes. Others are refused by name, where the route needs
  /// credentials: a misspelt one would be answered as if it had not been there.
  std::vector<std::string> query = {};
};

/// Finds out who calls. Lives on the router's loop.
class guard {
 public:
  virtual ~guard() = default;
  /// Waits until it can tell. False: it cannot now.
  virtual awaitable<bool> ready() = 0;
  /// Fills in `request.who`, or gives the answer that refuses the request.
  virtual std::optional<http_response> judge(http_request& request, access needed) = 0;
  /// A request that is refused whoever sends it, as there is no such path: fills in `request.who`
  /// where credentials are valid, and gives an answer only where these are too many of the caller.
  virtual std::optional<http_response> judge_stray(http_request& request) = 0;
};

/// What some requests go through on their way to their handler, once they have been let in. Lives
/// on the router's loop.
class passage {
 public:
  virtual ~passage() = default;
  /// Of those it does not concern it is not asked, and they cost nothing more.
  [[nodiscard]] virtual bool concerns(const http_request& request) const = 0;
  /// Answers the request, by its handler or without it.
  virtual awaitable<http_response> pass(http_request request, path_parameters parameters,
                                        request_handler handler, secrecy what) = 0;
};

/// The refusal of a caller without the role that is needed; nothing for one who has it.
[[nodiscard]] std::optional<http_response> check_role(const http_request& request, access needed);

/// Finds the handler of a request. HEAD is answered as GET without a body, OPTIONS with the methods
/// there are, also of `*`; a known path with another method is 405, an unknown one 404. On a path
/// that needs credentials these come first, whatever the method.
class router {
 public:
  /// Without a guard `request.who` is taken as it comes. The guard outlives the router's use.
  void set_guard(guard& guard) { guard_ = &guard; }
  /// The passage outlives the router's use.
  void set_passage(passage& passage) { passage_ = &passage; }

  /// `pattern`: `/api/ingest/v1/scan/{id}`; a segment in braces matches any one segment.
  void add(std::string method, const std::string& pattern, access who, request_handler handler,
           route_rules rules = {});

  /// From the header alone: finds the route of a request, and whether its sender may use it. An
  /// answer: the request must not be carried out, and its body is of no use.
  awaitable<std::optional<http_response>> admit(http_request& request) const;
  /// Carries out a request; one that was not admitted yet is admitted first.
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
  /// The refusal of a query parameter that the route does not take.
  [[nodiscard]] static std::optional<http_response> check_query(const http_request& request,
                                                                const route& chosen);

  std::vector<route> routes_;
  guard* guard_ = nullptr;
  passage* passage_ = nullptr;
};

}  // namespace sonde::ingest
