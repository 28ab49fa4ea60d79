#include "ingest/handlers.hpp"
#include "ingest/problem.hpp"
#include "model/json.hpp"

namespace sonde::ingest {
namespace {

awaitable<http_response> alive() {
  co_return json_response(200, R"({"status":"alive"})");
}

awaitable<http_response> ready(readiness_check check, http_request request) {
  auto troubles = co_await check();
  if (troubles.empty()) co_return json_response(200, R"({"status":"ready"})");
  std::string sentence;
  for (const auto& trouble : troubles)
    sentence += (sentence.empty() ? "" : "; ") + trouble;
  co_return problem(503, sentence, request.id);
}

}  // namespace

void add_health_routes(router& to, readiness_check check) {
  to.add("GET", "/livez", [](http_request, path_parameters) { return alive(); });
  to.add("GET", "/readyz", [check = std::move(check)](http_request request, path_parameters) {
    return ready(check, std::move(request));
  });
}

}  // namespace sonde::ingest
