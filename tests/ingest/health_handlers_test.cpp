#include "ingest/http/health_handlers.hpp"

#include "model/text/json.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::ingest {

TEST_CASE("readiness lists every reason against it") {
  router routes;
  std::vector<component> parts = {{"queue", "", std::nullopt}, {"scheduler", "", 7}};
  add_health_routes(routes, [&]() -> awaitable<std::vector<component>> { co_return parts; });
  auto ask = [&](const char* path, bool verbose = false) {
    http_request request;
    request.method = "GET";
    request.path = path;
    if (verbose) request.query["verbose"] = "";
    return test::run(routes.handle(std::move(request)));
  };
  CHECK(ask("/livez").status == 200);
  CHECK(ask("/readyz").status == 200);
  CHECK(model::parse_own(ask("/readyz", true).body) ==
        model::parse_own(R"({"status":"ready","components":[{"name":"queue","ready":true},)"
                         R"({"name":"scheduler","ready":true,"lag":7}]})"));
  parts[0].reason = "the disk is full";
  parts[1].reason = "the view is behind";
  auto not_ready = ask("/readyz");
  CHECK(not_ready.status == 503);
  CHECK(model::parse_own(not_ready.body)["detail"] == "the disk is full; the view is behind");
  auto verbose = ask("/readyz", true);
  CHECK(verbose.status == 503);
  auto told = model::parse_own(verbose.body);
  CHECK(told["status"] == "not ready");
  CHECK(told["components"][0]["reason"] == "the disk is full");
  CHECK(ask("/livez").status == 200);
}

TEST_CASE("a starting process logs one line for all readiness polls") {
  using line = http_response::log_line;
  router routes;
  std::vector<component> parts = {{"process", "the process is starting", std::nullopt}};
  add_health_routes(routes, [&]() -> awaitable<std::vector<component>> { co_return parts; });
  auto logged = [&](bool verbose = false) {
    http_request request;
    request.method = "GET";
    request.path = "/readyz";
    if (verbose) request.query["verbose"] = "";
    return test::run(routes.handle(std::move(request))).logged;
  };
  CHECK((logged() == line::info));
  CHECK((logged() == line::none));
  CHECK((logged(true) == line::none));
  parts[0].reason.clear();
  CHECK((logged() == line::by_status));
  parts[0].reason = "the disk is full";
  CHECK((logged() == line::by_status));
  CHECK((logged(true) == line::by_status));
}

}  // namespace sonde::ingest
