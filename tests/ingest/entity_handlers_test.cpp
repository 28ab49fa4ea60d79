#include "ingest/facts/entity_handlers.hpp"

#include "ingest/auth/authenticate.hpp"
#include "queue/errc.hpp"
#include "tests/ingest/scan_world.hpp"

namespace sonde::ingest {
namespace {

using model::json;

/// The routes of facts, called without a socket.
struct routed_facts {
  routed_facts() {
    add_submission_routes(routes, world.facts());
    add_entity_routes(routes, world.facts());
  }

  http_response ask(std::string method, const std::string& target, std::string body = {}) {
    http_request request;
    request.method = std::move(method);
    REQUIRE(parse_request_target(target, request));
    request.body = std::move(body);
    request.headers.emplace("content-type", "application/json");
    request.id = "id-" + std::to_string(++asked);
    request.who = who;
    auto work = [this, request] { return routes.handle(request); };
    return test::run(run_coroutine_on(world.loop.get_executor(), work));
  }
  http_response post(const std::string& what, std::string body) {
    return ask("POST", "/api/ingest/v1/" + what, std::move(body));
  }
  std::string accepted(const std::string& what, std::string body) {
    auto answer = post(what, std::move(body));
    REQUIRE_MESSAGE(answer.status == 202, answer.body);
    auto read = model::parse_own(answer.body);
    CHECK(read["message"] == "acknowledged");
    return read["id"];
  }
  http_response get(const std::string& id, const std::string& what) {
    return ask("GET", "/api/analytics/v1/entity/" + id + "/" + what);
  }

  test::scan_world world;
  router routes;
  caller who = make_caller("anna", "Anna", {"reporter", "trusted", "user"}, {"blue"});
  int asked = 0;
};

const std::string address_body =
    R"({"type":"ip","attributes":{"ip":"203.0.113.1","country":"CHILE"}})";

}  // namespace

TEST_CASE_FIXTURE(routed_facts, "an acknowledged entity can be read immediately") {
  auto id = accepted("entity", address_body);
  auto read = get(id, "details");
  REQUIRE(read.status == 200);
  auto out = model::parse_own(read.body);
  CHECK(out["attributes"]["id"] == id);
  CHECK(out["metadata"]["country"] == "Chile");
  for (int i = -3; i <= 3; ++i) {
    accepted("entity", R"({"type":"ip","attributes":{"ip":"203.0.113.1"},"reputation":)" +
                           std::to_string(i) + "}");
    out = model::parse_own(get(id, "details").body);
    CHECK(out["attributes"]["reputation_score"] == i);
  }
}

TEST_CASE_FIXTURE(routed_facts, "associations and comments need an existing entity") {
  auto ip = accepted("entity", address_body);
  auto name = accepted("entity", R"({"type":"hostname","attributes":{"hostname":"a.example"}})");
  auto edge =
      accepted("association", R"({"entityID":")" + name + R"(","relatedEntityID":")" + ip + "\"}");
  CHECK(edge.size() == 64);
  CHECK(model::parse_own(get(ip, "relations").body)["relations"].size() == 1);
  auto first = accepted("comment", R"({"entityID":")" + ip + R"(","comment":"bad"})");
  CHECK(first == accepted("comment", R"({"entityID":")" + ip + R"(","comment":"bad"})"));
  accepted("comment",
           R"({"entityID":")" + ip + R"(","comment":"why","parentID":")" + first + "\"}");
  CHECK(model::parse_own(get(ip, "comments").body)["comments"].size() == 2);

  CHECK(
      post("comment", R"({"entityID":")" + name + R"(","comment":"x","parentID":")" + first + "\"}")
          .status == 404);
  CHECK(post("comment", R"({"entityID":"ip-1","comment":"x"})").status == 404);
  CHECK(post("comment", R"({"entityID":")" + ip + R"(","comment":" "})").status == 400);
  CHECK(post("comment", R"({"entityID":")" + ip + R"(","coment":"x"})").status == 400);
  CHECK(post("association", R"({"entityID":")" + ip + R"(","relatedEntityID":")" + ip + "\"}")
            .status == 400);
  CHECK(post("association",
             R"({"entityID":")" + ip + R"(","relatedEntityID":"ip-)" + std::string(64, '0') + "\"}")
            .status == 404);
  CHECK(post("association", R"({"entityID":")" + ip + "\"}").status == 400);
}

TEST_CASE_FIXTURE(routed_facts, "a hidden entity gets the same answer as one that does not exist") {
  auto ip = accepted("entity", address_body);
  auto name = accepted("entity", R"({"type":"hostname","attributes":{"hostname":"a.example"}})");
  auto none = "ip-" + std::string(64, '0');
  who = make_caller("otto", "Otto", {"reporter", "user"}, {"red"});
  for (const auto& id : {ip, none, std::string("nonsense")}) {
    for (const char* what : {"details", "relations", "comments"}) {
      auto answer = get(id, what);
      CHECK(answer.status == 204);
      CHECK(answer.body.empty());
    }
    auto refused = post("comment", R"({"entityID":")" + id + R"(","comment":"x"})");
    CHECK(refused.status == 404);
    CHECK(model::parse_own(refused.body)["detail"] == "entityID: there is no entity with this id");
    auto edge =
        post("association", R"({"entityID":")" + id + R"(","relatedEntityID":")" + name + "\"}");
    CHECK(model::parse_own(edge.body)["detail"] == "entityID: there is no entity with this id");
  }
  // The callers' own assertions are visible to them, and do not reveal the rest.
  accepted("entity", R"({"type":"ip","attributes":{"ip":"203.0.113.1"},"reputation":3})");
  auto own = model::parse_own(get(ip, "details").body);
  CHECK(own["metadata"].empty());
  CHECK(own["attributes"]["accuracy_score"] == 1);
}

TEST_CASE_FIXTURE(routed_facts, "invalid facts get 400, too large ones 413, failed writes 503") {
  auto wrong = post("entity", R"({"type":"ip","attributes":{"ip":"10.0.0.1"}})");
  CHECK(wrong.status == 400);
  CHECK(wrong.body.find("attributes.ip: 10.0.0.1 is private") != std::string::npos);
  CHECK(post("entity", "{").status == 400);
  CHECK(get("ip-1", "relations?levels=0").status == 400);
  CHECK(get("ip-1", "relations?levels=6").status == 400);
  CHECK(get("ip-1", "relations?limit=1001").status == 400);
  CHECK(post("well-known", R"({"type":"ip","attributes":{"ip":"1.1.1.1"},"tags":[]})").status ==
        400);
  world.queue->refuse_with(fail(queue::errc::too_large, "the record is too large"));
  CHECK(post("entity", address_body).status == 413);
  world.queue->refuse_with(fail(queue::errc::no_space, "the disk is full"));
  auto full = post("entity", address_body);
  CHECK(full.status == 503);
  CHECK(full.body.find("the disk is full") != std::string::npos);
  world.queue->refuse_with(std::nullopt);
  accepted("well-known", R"({"type":"ip","attributes":{"ip":"1.1.1.1"}})");
}

TEST_CASE_FIXTURE(routed_facts,
                  "bodies are accepted whether they are checked inline or by a worker") {
  auto regex = [](const std::string& written) {
    return R"({"type":"pattern-in-file","attributes":{"pattern-in-file":")" + written + "\"}}";
  };
  std::string classes;
  for (int i = 0; i < 5; ++i)
    classes += R"([\\pL])";
  accepted("entity", regex("a"));
  accepted("entity", regex(classes));  // small, but over the budget of an inline check
  accepted("entity", regex("a") + std::string(world.bounds.inline_body_bytes, ' '));
  std::string parts;
  for (int i = 0; i < 999; ++i) {
    parts += (i == 0 ? "" : ",") +
             std::string(R"({"mode":"association","type":"ip","attributes":{"ip":"8.8.)") +
             std::to_string(i / 250) + "." + std::to_string(i % 250) + "\"}}";
  }
  accepted("entity",
           R"({"type":"port","attributes":{"port":"53/udp"},"associations":[)" + parts + "]}");
  auto blanks = std::string(world.bounds.inline_body_bytes, ' ');
  CHECK(post("entity", blanks).status == 400);
  CHECK(post("entity", "{" + blanks).status == 400);
  auto id = accepted("entity", address_body + blanks);
  auto other = accepted("entity", R"({"type":"port","attributes":{"port":"1/tcp"}})");
  accepted("comment", blanks + R"({"entityID":")" + id + R"(","comment":"x"})");
  accepted("association",
           blanks + R"({"entityID":")" + id + R"(","relatedEntityID":")" + other + "\"}");
  CHECK(get(id, "comments").status == 200);
}

TEST_CASE_FIXTURE(routed_facts, "a submission that is too expensive gets 413 and the reason") {
  std::string classes;
  for (int i = 0; i < 1'000; ++i)
    classes += R"(\\pL)";
  auto refused = post("entity", R"({"type":"pattern-in-file","attributes":{"pattern-in-file":")" +
                                    classes + "\"}}");
  CHECK(refused.status == 413);
  CHECK(refused.body.find("attributes.pattern-in-file: checking the request") != std::string::npos);
}

TEST_CASE_FIXTURE(routed_facts, "a large response has the same content as a small one") {
  std::string parts;
  for (int i = 0; i < 200; ++i) {
    parts += (i == 0 ? "" : ",") +
             std::string(R"({"mode":"association","type":"filename","attributes":{"filename":")") +
             std::string(4'000, 'a') + std::to_string(i) + "\"}}";
  }
  auto id = accepted(
      "entity", R"({"type":"port","attributes":{"port":"53/udp"},"associations":[)" + parts + "]}");
  auto read = get(id, "details");
  REQUIRE(read.status == 200);
  auto out = model::parse_own(read.body);
  CHECK(out["attributes"]["id"] == id);
  CHECK(out["latest_associations"].size() == 100);
  auto graph = get(id, "relations?limit=201");
  REQUIRE(graph.status == 200);
  CHECK(model::parse_own(graph.body)["nodes"].size() == 201);
}

}  // namespace sonde::ingest
