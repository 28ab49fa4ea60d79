#include "ingest/scans/scan_handlers.hpp"

#include "ingest/facts/entity_handlers.hpp"
#include "model/events.hpp"
#include "queue/errc.hpp"
#include "tests/ingest/scan_world.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

/// The routes, called without a socket.
struct routed_scans {
  routed_scans() {
    world.scope.allow = {"192.0.2.0/24"};
    add_scheduling_routes(routes, world.service(), world.bounds);
    add_scan_routes(routes, world.service(), world.bounds);
    add_entity_routes(routes, world.facts());
  }

  http_response ask(http_request request) {
    request.id = "id-1";
    request.who = test::an_admin();
    auto work = [this, request] { return routes.handle(request); };
    return test::run(run_coroutine_on(world.loop.get_executor(), work));
  }
  http_response post(std::string body, std::string type = "application/json") {
    http_request request;
    request.method = "POST";
    request.path = "/api/ingest/v1/scan";
    request.body = std::move(body);
    if (!type.empty()) request.headers.emplace("content-type", std::move(type));
    return ask(std::move(request));
  }
  http_response get(const std::string& target) {
    http_request request;
    request.method = "GET";
    REQUIRE(parse_request_target(target, request));
    return ask(std::move(request));
  }

  test::scan_world world;
  router routes;
};

}  // namespace

TEST_CASE_FIXTURE(routed_scans, "a new scan is answered with 202, then with 200 and the same id") {
  auto first = post(R"({"target":"192.0.2.7"})");
  CHECK(first.status == 202);
  auto made = model::parse_own(first.body);
  CHECK(made["status"] == "new");
  auto second = post(R"({"target":"192.0.2.7"})");
  CHECK(second.status == 200);
  auto found = model::parse_own(second.body);
  CHECK(found["id"] == made["id"]);
  CHECK(found["status"] == "queued");
  auto scan = get("/api/ingest/v1/scan/" + made["id"].get<std::string>());
  CHECK(scan.status == 200);
  auto listed = get("/api/ingest/v1/scans?target=192.0.2.7");
  CHECK(model::parse_own(listed.body)["scans"][0] == model::parse_own(scan.body));
}

TEST_CASE_FIXTURE(routed_scans, "a body must be JSON and have a JSON media type") {
  CHECK(post("{}", "").status == 415);
  CHECK(post("{}", "text/plain").status == 415);
  CHECK(post("{}", "application/jsonp").status == 415);
  CHECK(post(R"({"target":"192.0.2.7"})", "Application/JSON ; charset=utf-8").status == 202);
  CHECK(post("").status == 400);
  CHECK(post("{\"target\":\"192.0.2.7\"").status == 400);
  CHECK(post(std::string("{\"target\":\"192.0.2.7\"}\0x", 24)).status == 400);
  CHECK(post(std::string(world.bounds.json_depth + 1, '[')).status == 400);
}

TEST_CASE_FIXTURE(routed_scans, "a busy queue is answered with 503 and Retry-After") {
  world.queue->refuse_with(fail(queue::errc::busy));
  auto refused = post(R"({"target":"192.0.2.7"})");
  CHECK(refused.status == 503);
  bool says_when = false;
  for (const auto& [name, value] : refused.headers)
    says_when = says_when || name == "Retry-After";
  CHECK(says_when);
}

TEST_CASE_FIXTURE(routed_scans, "a valid trace context is kept, an invalid one is dropped") {
  auto traceparent_of = [&](const char* target, const std::string& header) {
    http_request request;
    request.method = "POST";
    request.path = "/api/ingest/v1/scan";
    request.body = std::string(R"({"target":")") + target + "\"}";
    request.headers = {{"content-type", "application/json"}, {"traceparent", header}};
    REQUIRE(ask(std::move(request)).status == 202);
    auto reader = world.queue->read_from({model::topics::scan_requests}, {});
    std::string found;
    auto all = test::run(reader->read()).value();
    for (const auto& [name, value] : all.back().what.headers) {
      if (name == "traceparent") found = value;
    }
    return found;
  };
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(traceparent_of("192.0.2.1", good) == good);
  CHECK(traceparent_of("192.0.2.2", good + "0").empty());
  CHECK(traceparent_of("192.0.2.3", "01" + good.substr(2)).empty());
  CHECK(
      traceparent_of("192.0.2.4", "00-4BF92F3577B34DA6A3CE929D0E0E4736" + good.substr(35)).empty());
}

TEST_CASE_FIXTURE(routed_scans, "invalid parameters get 400, missing objects 404 or 204") {
  const std::string id = "00000000-0000-8000-8000-000000000000";
  for (const char* wait : {"x", "-1", "61", "4294967296", "1.5", ""}) {
    CAPTURE(wait);
    CHECK(get("/api/ingest/v1/scan/" + id + "?wait=" + wait).status == 400);
  }
  CHECK(get("/api/ingest/v1/scan/" + id + "?wait=0").status == 404);
  CHECK(get("/api/ingest/v1/scan/nonsense").status == 404);
  CHECK(get("/api/ingest/v1/scans?target=a:b").status == 400);
  CHECK(get("/api/ingest/v1/scans?target=192.0.2.99").status == 200);
  CHECK(get("/api/analytics/v1/entity/nonsense/details").status == 204);
}

TEST_CASE_FIXTURE(routed_scans, "a bulk body must have a media type for JSON lines") {
  auto send = [&](const std::string& type, const std::string& body) {
    http_request request;
    request.method = "POST";
    request.path = "/api/ingest/v1/scans";
    request.body = body;
    request.headers.emplace("content-type", type);
    return ask(std::move(request));
  };
  const std::string body = R"({"target":"192.0.2.1"})"
                           "\nx\n";
  auto told = send("application/x-ndjson", body);
  CHECK(told.status == 200);
  CHECK(told.headers.front().second == "application/x-ndjson");
  CHECK(std::ranges::count(told.body, '\n') == 2);
  CHECK(send("Application/JSONL; charset=utf-8", body).status == 200);
  for (const char* type : {"application/json", "text/plain", "application/x-ndjsonx", ""}) {
    auto refused = send(type, body);
    CHECK(refused.status == 415);
    CHECK(refused.body.find("application/x-ndjson or") != std::string::npos);
  }
  CHECK(send("application/x-ndjson", "\n").status == 400);
  world.bounds.bulk_lines = 1;
  CHECK(send("application/x-ndjson", body).status == 413);
}

TEST_CASE_FIXTURE(routed_scans, "the query parameters of the list of scans are checked") {
  REQUIRE(post(R"({"target":"192.0.2.1"})").status == 202);
  REQUIRE(post(R"({"target":"192.0.2.2"})").status == 202);
  auto page = [&](const std::string& query) {
    auto told = get("/api/ingest/v1/scans" + query);
    CAPTURE(query);
    REQUIRE(told.status == 200);
    return model::parse_own(told.body);
  };
  CHECK(page("")["scans"].size() == 2);
  auto first = page("?limit=1");
  CHECK(first["scans"].size() == 1);
  auto second = page("?limit=1&cursor=" + first["next"].get<std::string>());
  CHECK(second["scans"].size() == 1);
  CHECK(second["scans"][0]["id"] != first["scans"][0]["id"]);
  CHECK(!second.contains("next"));
  CHECK(page("?status=queued")["scans"].size() == 2);
  CHECK(page("?state=queued")["scans"].size() == 2);
  CHECK(page("?state=failed")["scans"].empty());
  CHECK(page("?target=192.0.2.1&state=queued&limit=100")["scans"].size() == 1);
  for (const char* wrong :
       {"limit=0", "limit=1001", "limit=", "state=new", "state=", "status=new",
        "state=done&status=done", "cursor=x", "cursor=", "target=192.0.2.1&limit=101"}) {
    CAPTURE(wrong);
    CHECK(get(std::string("/api/ingest/v1/scans?") + wrong).status == 400);
  }
}

}  // namespace sonde::ingest
