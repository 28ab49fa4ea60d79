#include "ingest/router.hpp"

#include "ingest/problem.hpp"

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

}  // namespace

void router::add(std::string method, const std::string& pattern, request_handler handler) {
  routes_.push_back({std::move(method), segments_of(pattern), std::move(handler)});
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
  path_parameters parameters;
  for (const auto& each : routes_) {
    auto matched = match(each.pattern, path);
    if (!matched) continue;
    methods.insert(each.method);
    if (each.method == "GET") methods.insert("HEAD");
    if (each.method != (head ? "GET" : request.method)) continue;
    found = &each;
    parameters = std::move(*matched);
  }
  if (methods.empty()) {
    co_return problem(
        404, "there is no " + request.path + " here; docs/http.md lists what there is", request.id);
  }
  methods.insert("OPTIONS");
  if (request.method == "OPTIONS") {
    http_response options;
    options.status = 204;
    options.headers.emplace_back("Allow", joined(methods));
    co_return options;
  }
  if (found == nullptr) {
    auto refused = problem(405, "this path takes " + joined(methods), request.id);
    refused.headers.emplace_back("Allow", joined(methods));
    co_return refused;
  }
  co_return co_await found->handler(std::move(request), std::move(parameters));
}

}  // namespace sonde::ingest
