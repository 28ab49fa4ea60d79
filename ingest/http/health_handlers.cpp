#include "ingest/http/health_handlers.hpp"

#include "ingest/http/problem.hpp"
#include "model/text/json.hpp"

#include <memory>
#include <utility>

namespace sonde::ingest {
namespace {

awaitable<http_response> alive() {
  co_return json_response(200, R"({"status":"alive"})");
}

model::json told(const component& part) {
  model::json out = {{"name", part.name}, {"ready", part.reason.empty()}};
  if (!part.reason.empty()) out["reason"] = part.reason;
  if (part.lag) out["lag"] = *part.lag;
  return out;
}

/// Selects the log line of a response of `/readyz`. A process that starts is not ready for a while:
/// only the first such response is logged, so that polling does not fill the log. Once it has been
/// ready, every later response that it is not ready is a warning.
class start_log {
 public:
  http_response::log_line line_for(bool is_ready) {
    if (is_ready) was_ready_ = true;
    if (was_ready_) return http_response::log_line::by_status;
    bool first = !std::exchange(logged_, true);
    return first ? http_response::log_line::info : http_response::log_line::none;
  }

 private:
  bool was_ready_ = false;
  bool logged_ = false;
};

awaitable<http_response> ready(readiness_check check, std::shared_ptr<start_log> start,
                               http_request request) {
  auto parts = co_await check();
  std::string sentence;
  auto components = model::json::array();
  for (const auto& part : parts) {
    if (!part.reason.empty()) sentence += (sentence.empty() ? "" : "; ") + part.reason;
    components.push_back(told(part));
  }
  http_response answer;
  if (request.query.contains("verbose")) {
    model::json out = {{"status", sentence.empty() ? "ready" : "not ready"},
                       {"components", std::move(components)}};
    answer = json_response(sentence.empty() ? 200 : 503, model::to_text(out));
  } else if (sentence.empty()) {
    answer = json_response(200, R"({"status":"ready"})");
  } else {
    answer = problem(503, sentence, request.id);
  }
  answer.logged = start->line_for(sentence.empty());
  co_return answer;
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
         [check = std::move(check), start = std::make_shared<start_log>()](http_request request,
                                                                           path_parameters) {
           return ready(check, start, std::move(request));
         });
}

void add_metrics_route(router& to, access who, std::function<awaitable<std::string>()> text) {
  to.add("GET", "/metrics", who,
         [text = std::move(text)](http_request, path_parameters) { return current(text); });
}

}  // namespace sonde::ingest
