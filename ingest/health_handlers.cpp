#include "ingest/handlers.hpp"
#include "ingest/problem.hpp"
#include "model/json.hpp"

namespace sonde::ingest {
namespace {

awaitable<http_response> alive() {
  co_return json_response(200, R"({"status":"alive"})");
}

model::json told(const component& part) {
  model::json out = {{"name", part.name}, {"ready", part.trouble.empty()}};
  if (!part.trouble.empty()) out["reason"] = part.trouble;
  if (part.lag) out["lag"] = *part.lag;
  return out;
}

awaitable<http_response> ready(readiness_check check, http_request request) {
  auto parts = co_await check();
  std::string sentence;
  auto components = model::json::array();
  for (const auto& part : parts) {
    if (!part.trouble.empty()) sentence += (sentence.empty() ? "" : "; ") + part.trouble;
    components.push_back(told(part));
  }
  if (request.query.contains("verbose")) {
    model::json out = {{"status", sentence.empty() ? "ready" : "not ready"},
                       {"components", std::move(components)}};
    co_return json_response(sentence.empty() ? 200 : 503, model::to_text(out));
  }
  if (!sentence.empty()) co_return problem(503, sentence, request.id);
  co_return json_response(200, R"({"status":"ready"})");
}

awaitable<http_response> current(std::function<awaitable<std::string>()> text) {
  http_response out;
  out.status = 200;
  out.body = co_await text();
  out.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  co_return out;
}

}  // namespace

void add_health_routes(router& to, readiness_check check) {
  to.add("GET", "/livez", access::everybody, [](http_request, path_parameters) { return alive(); });
  to.add("GET", "/readyz", access::everybody,
         [check = std::move(check)](http_request request, path_parameters) {
           return ready(check, std::move(request));
         });
}

void add_metrics_route(router& to, access who, std::function<awaitable<std::string>()> text) {
  to.add("GET", "/metrics", who,
         [text = std::move(text)](http_request, path_parameters) { return current(text); });
}

}  // namespace sonde::ingest
