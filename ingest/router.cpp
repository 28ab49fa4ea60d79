#include "ingest/router.hpp"

#include "ingest/problem.hpp"
#include "model/credential.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace sonde::ingest {
namespace {

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

std::string joined(const std::set<std::string>& methods) {
  std::string out;
  for (const auto& method : methods)
    out += (out.empty() ? "" : ", ") + method;
  return out;
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
                 request_handler handler, secrecy what) {
  routes_.push_back({std::move(method), segments_of(pattern), who, std::move(handler), what});
}

/// Nothing where the request may go on.
awaitable<std::optional<http_response>> router::let_in(http_request& request, access needed) const {
  if (guard_ == nullptr) co_return check_role(request, needed);
  if (needed != access::everybody) {
    bool able = co_await guard_->ready();
    if (!able) {
      co_return problem(503, "what is known of credentials is too old; try again later",
                        request.id);
    }
  }
  co_return guard_->judge(request, needed);
}

/// `OPTIONS *`: what some path here takes (RFC 9110, section 9.3.7).
http_response router::all_of_it() const {
  std::set<std::string> methods = {"HEAD", "OPTIONS"};
  for (const auto& each : routes_)
    methods.insert(each.method);
  http_response out;
  out.status = 204;
  out.headers.emplace_back("Allow", joined(methods));
  return out;
}

awaitable<http_response> router::handle(http_request request) const {
  if (request.path == "*") co_return all_of_it();
  auto path = segments_of(request.path);
  bool head = request.method == "HEAD";
  std::set<std::string> methods;
  const route* found = nullptr;
  auto needed = access::everybody;
  path_parameters parameters;
  for (const auto& each : routes_) {
    auto matched = match(each.pattern, path);
    if (!matched) continue;
    methods.insert(each.method);
    if (each.method == "GET") methods.insert("HEAD");
    // Which methods a path takes is for everybody to know who may use one of them.
    if (found == nullptr && each.who != access::everybody) needed = access::any_caller;
    if (each.method != (head ? "GET" : request.method)) continue;
    found = &each;
    needed = each.who;
    parameters = std::move(*matched);
  }
  if (methods.empty()) {
    co_return problem(
        404, "there is no " + request.path + " here; docs/http.md lists what there is", request.id);
  }
  auto refused = co_await let_in(request, needed);
  if (refused) co_return std::move(*refused);
  methods.insert("OPTIONS");
  if (request.method == "OPTIONS") {
    http_response options;
    options.status = 204;
    options.headers.emplace_back("Allow", joined(methods));
    co_return options;
  }
  if (found == nullptr) {
    auto wrong = problem(405, "this path takes " + joined(methods), request.id);
    wrong.headers.emplace_back("Allow", joined(methods));
    co_return wrong;
  }
  if (passage_ != nullptr && passage_->concerns(request)) {
    auto handler = found->handler;
    co_return co_await passage_->pass(std::move(request), std::move(parameters), std::move(handler),
                                      found->what);
  }
  co_return co_await found->handler(std::move(request), std::move(parameters));
}

}  // namespace sonde::ingest
