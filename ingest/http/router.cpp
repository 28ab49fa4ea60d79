#include "ingest/http/router.hpp"

#include "ingest/http/problem.hpp"
#include "model/auth/credential.hpp"
#include "model/text/json.hpp"
#include "model/text/text.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace sonde::ingest {
namespace {

const std::string get_method = "GET";
/// Limit for the name of an unknown query parameter in an error.
constexpr std::size_t longest_shown_name = 64;

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  path.remove_prefix(1);
  while (true) {
    auto slash = path.find('/');
    out.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

std::optional<path_parameters> match(const std::vector<std::string>& pattern,
                                     const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  path_parameters out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (pattern[i].starts_with('{') && !path[i].empty()) {
      out.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return out;
}

std::string joined(const std::set<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

http_response::depends_on variation_of(const http_request& request) {
  return request.by_gateway ? http_response::depends_on::gateway : http_response::depends_on::key;
}

const char* role_of(access needed) {
  switch (needed) {
    case access::user: return model::roles::user;
    case access::reporter: return model::roles::reporter;
    case access::trusted: return model::roles::trusted;
    case access::metrics: return model::roles::metrics;
    case access::everybody:
    case access::any_caller: break;
  }
  return nullptr;
}

}  // namespace

std::optional<http_response> check_role(const http_request& request, access needed) {
  if (needed == access::everybody) return std::nullopt;
  const char* role = role_of(needed);
  const auto& who = request.who;
  if (role == nullptr ? !who.user_id.empty() : who.has(role)) return std::nullopt;
  auto theirs = who.roles.empty() ? std::string("none") : joined(who.roles);
  auto wanted = role == nullptr ? std::string("credentials") : "the role " + std::string(role);
  return problem(403, "this needs " + wanted + "; the caller's roles are: " + theirs, request.id);
}

void router::add(std::string method, const std::string& pattern, access who,
                 request_handler handler, route_rules rules) {
  routes_.push_back(
      {std::move(method), segments_of(pattern), who, std::move(handler), std::move(rules)});
}

/// Returns nothing if the request may continue.
awaitable<std::optional<http_response>> router::let_in(http_request& request, access needed) const {
  if (authentication_ == nullptr) co_return check_role(request, needed);
  if (needed != access::everybody) {
    bool able = co_await authentication_->ready();
    if (!able) {
      co_return problem(503, "the credentials in memory are too old; try again later", request.id);
    }
  }
  co_return authentication_->check(request, needed);
}

/// Responds to `OPTIONS *` with the methods of all paths (RFC 9110, section 9.3.7).
http_response router::all_of_it() const {
  std::set<std::string> methods = {"HEAD", "OPTIONS"};
  for (const auto& each : routes_)
    methods.insert(each.method);
  http_response out;
  out.status = 204;
  out.headers.emplace_back("Allow", joined(methods));
  return out;
}

/// The routes of a request's path, independent of the caller.
struct router::found_route {
  std::set<std::string> methods;  ///< of the path; empty: the path does not exist
  std::optional<std::size_t> route;
  access needed = access::everybody;
  path_parameters parameters;
};

router::found_route router::find(const http_request& request) const {
  auto path = segments_of(request.path);
  const auto& method = request.method == "HEAD" ? get_method : request.method;
  found_route out;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& each = routes_[i];
    auto matched = match(each.pattern, path);
    if (!matched) continue;
    out.methods.insert(each.method);
    if (each.method == get_method) out.methods.insert("HEAD");
    // The methods of a path are visible to every caller who may use one of them.
    if (!out.route && each.who != access::everybody) out.needed = access::any_caller;
    if (each.method != method) continue;
    out.route = i;
    out.needed = each.who;
    out.parameters = std::move(*matched);
  }
  if (!out.methods.empty()) out.methods.insert("OPTIONS");
  return out;
}

awaitable<std::optional<http_response>> router::admit(http_request& request) const {
  if (request.path == "*") co_return all_of_it();
  auto found = find(request);
  if (found.route) request.action = routes_[*found.route].rules.action;
  auto refused = co_await choose(request, found);
  if (refused && found.needed != access::everybody) refused->varies = variation_of(request);
  if (refused) co_return refused;
  const auto& chosen = routes_[*found.route];
  request.admitted = true;
  request.route = *found.route;
  request.parameters = std::move(found.parameters);
  // The body is dropped on a route that needs no credentials and on a GET: no handler reads it.
  request.takes_body = chosen.who != access::everybody && chosen.method != get_method;
  co_return std::nullopt;
}

std::optional<http_response> router::check_query(const http_request& request, const route& chosen) {
  if (chosen.who == access::everybody) return std::nullopt;
  const auto& known = chosen.rules.query;
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    auto shown = model::to_text(model::cut_at(name, longest_shown_name));
    auto mend = known.empty() ? std::string("; this path takes none")
                              : "; this path takes " + joined({known.begin(), known.end()});
    return problem(400, "unknown query parameter " + shown + mend, request.id);
  }
  return std::nullopt;
}

/// Returns nothing if the found route may execute the request.
awaitable<std::optional<http_response>> router::choose(http_request& request,
                                                       const found_route& found) const {
  if (found.methods.empty()) {
    auto too_many =
        authentication_ == nullptr ? std::nullopt : authentication_->check_stray(request);
    if (too_many) co_return too_many;
    co_return problem(
        404, "there is no " + request.path + " here; docs/reference/http.md lists the paths",
        request.id);
  }
  auto refused = co_await let_in(request, found.needed);
  if (refused) co_return refused;
  if (request.method == "OPTIONS") {
    http_response options;
    options.status = 204;
    options.headers.emplace_back("Allow", joined(found.methods));
    co_return options;
  }
  if (found.route) co_return check_query(request, routes_[*found.route]);
  if (found.needed == access::everybody && authentication_ != nullptr) {
    auto too_many = authentication_->check_stray(request);
    if (too_many) co_return too_many;
  }
  auto wrong = problem(405, "this path takes " + joined(found.methods), request.id);
  wrong.headers.emplace_back("Allow", joined(found.methods));
  co_return wrong;
}

awaitable<http_response> router::handle(http_request request) const {
  if (!request.admitted) {
    auto refused = co_await admit(request);
    if (refused) co_return std::move(*refused);
  }
  const auto& chosen = routes_[request.route];
  auto varies =
      chosen.who == access::everybody ? http_response::depends_on::none : variation_of(request);
  auto parameters = std::move(request.parameters);
  http_response answer;
  if (middleware_ != nullptr && middleware_->concerns(request)) {
    auto handler = chosen.handler;
    answer = co_await middleware_->pass(std::move(request), std::move(parameters),
                                        std::move(handler), chosen.rules.what);
  } else {
    answer = co_await chosen.handler(std::move(request), std::move(parameters));
  }
  answer.varies = varies;
  co_return answer;
}

}  // namespace sonde::ingest
