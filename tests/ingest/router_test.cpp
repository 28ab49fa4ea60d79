#include "ingest/http/router.hpp"

#include "ingest/http/problem.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::ingest {
namespace {

awaitable<http_response> echo(http_request request, path_parameters parameters) {
  std::string said = request.method;
  for (const auto& each : parameters)
    said += " <" + each + ">";
  co_return json_response(200, said);
}

struct routed {
  routed() {
    routes.add("GET", "/scan/{id}", access::everybody, echo);
    routes.add("DELETE", "/scan/{id}", access::everybody, echo);
    routes.add("POST", "/scan", access::everybody, echo);
    routes.add("GET", "/entity/{id}/part/{part}", access::everybody, echo);
    routes.add("GET", "/", access::everybody, echo);
  }

  http_response ask(std::string method, std::string path) {
    http_request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.id = "id-1";
    return test::run(routes.handle(std::move(request)));
  }
  std::string allowed(std::string method, std::string path) {
    for (const auto& [name, value] : ask(std::move(method), std::move(path)).headers) {
      if (name == "Allow") return value;
    }
    return {};
  }

  router routes;
};

}  // namespace

TEST_CASE_FIXTURE(routed, "a request goes to the handler of its method and path") {
  CHECK(ask("GET", "/scan/7").body == "GET <7>\n");
  CHECK(ask("DELETE", "/scan/7").body == "DELETE <7>\n");
  CHECK(ask("POST", "/scan").body == "POST\n");
  CHECK(ask("GET", "/entity/a b/part/ü").body == "GET <a b> <ü>\n");
  CHECK(ask("GET", "/").body == "GET\n");
}

TEST_CASE_FIXTURE(routed, "the handler of GET also serves HEAD") {
  CHECK(ask("HEAD", "/scan/7").status == 200);
  CHECK(ask("HEAD", "/scan").status == 405);
}

TEST_CASE_FIXTURE(routed, "an unknown path is answered with 404, and a partial match is none") {
  for (const char* path : {"/scans", "/scan/", "/scan/7/", "/scan/7/8", "//scan", "/SCAN",
                           "/entity//part/x", "/entity/a/part", "/scan/{id}/"}) {
    CAPTURE(path);
    auto answer = ask("GET", path);
    CHECK(answer.status == 404);
  }
  CHECK(ask("OPTIONS", "/nothing").status == 404);
}

TEST_CASE_FIXTURE(routed, "a path that is not UTF-8 is quoted with replacement characters") {
  auto answer = ask("GET", "/\xFF\xFE");
  CHECK(answer.status == 404);
  CHECK(answer.body.find("\xEF\xBF\xBD") != std::string::npos);
}

TEST_CASE_FIXTURE(routed, "an unknown query parameter of a path is refused by name") {
  routes.add("GET", "/list", access::reporter, echo, {.query = {"limit", "state"}});
  routes.add("POST", "/list", access::reporter, echo);
  auto list = [&](const char* method, std::map<std::string, std::string> query) {
    http_request request;
    request.method = method;
    request.path = "/list";
    request.query = std::move(query);
    request.who.user_id = "someone";
    request.who.roles = {"reporter"};
    return test::run(routes.handle(std::move(request)));
  };
  CHECK(list("GET", {}).status == 200);
  CHECK(list("GET", {{"state", "done"}, {"limit", "1"}}).status == 200);
  auto refused = list("GET", {{"stat", "done"}});
  CHECK(refused.status == 400);
  CHECK(refused.body.find(R"(unknown query parameter \"stat\"; this path takes limit, state)") !=
        std::string::npos);
  CHECK(list("POST", {{"wait", "1"}}).body.find("this path takes none") != std::string::npos);
  CHECK(list("GET", {{std::string(5'000, 'x'), ""}}).body.size() < 1'000);
}

TEST_CASE_FIXTURE(routed, "an open path ignores unknown query parameters") {
  http_request request;
  request.method = "GET";
  request.path = "/";
  request.query = {{"probe", "1"}};
  CHECK(test::run(routes.handle(std::move(request))).status == 200);
}

TEST_CASE_FIXTURE(routed, "an unsupported method is refused with the supported methods") {
  auto answer = ask("PATCH", "/scan/7");
  CHECK(answer.status == 405);
  CHECK(allowed("PATCH", "/scan/7") == "DELETE, GET, HEAD, OPTIONS");
  CHECK(allowed("GET", "/scan") == "OPTIONS, POST");
  CHECK(ask("get", "/scan/7").status == 405);
}

TEST_CASE_FIXTURE(routed, "OPTIONS lists the methods and has no body") {
  auto answer = ask("OPTIONS", "/scan/7");
  CHECK(answer.status == 204);
  CHECK(answer.body.empty());
  CHECK(allowed("OPTIONS", "/scan/7") == "DELETE, GET, HEAD, OPTIONS");
}

TEST_CASE_FIXTURE(routed, "OPTIONS for the whole server lists the methods of all paths") {
  CHECK(ask("OPTIONS", "*").status == 204);
  CHECK(allowed("OPTIONS", "*") == "DELETE, GET, HEAD, OPTIONS, POST");
}

namespace {

/// Admits every caller with a role header, under that role.
struct trusting_authentication final : authentication {
  awaitable<bool> ready() override { co_return able; }
  std::optional<http_response> check(http_request& request, access needed) override {
    if (needed == access::everybody) return std::nullopt;
    const auto* role = request.header("role");
    if (role == nullptr) return problem(401, "who are you?", request.id);
    request.who.user_id = "somebody";
    request.who.roles = {*role};
    return check_role(request, needed);
  }
  std::optional<http_response> check_stray(http_request& request) override {
    ++strays;
    if (strays <= most_strays) return std::nullopt;
    return problem(429, "too many", request.id);
  }
  bool able = true;
  int strays = 0;
  int most_strays = 100;
};

struct guarded {
  guarded() {
    routes.set_authentication(door);
    routes.add("GET", "/open", access::everybody, echo);
    routes.add("GET", "/key", access::any_caller, echo);
    routes.add("GET", "/user", access::user, echo);
    routes.add("POST", "/user", access::reporter, echo);
    routes.add("GET", "/trusted", access::trusted, echo);
  }
  unsigned ask(std::string method, std::string path, std::string role = {}) {
    http_request request;
    request.method = std::move(method);
    request.path = std::move(path);
    if (!role.empty()) request.headers.emplace("role", std::move(role));
    return test::run(routes.handle(std::move(request))).status;
  }
  trusting_authentication door;
  router routes;
};

}  // namespace

TEST_CASE_FIXTURE(guarded, "a route admits its role and the admin") {
  CHECK(ask("GET", "/open") == 200);
  CHECK(ask("GET", "/key") == 401);
  CHECK(ask("GET", "/key", "anything") == 200);
  CHECK(ask("GET", "/user", "user") == 200);
  CHECK(ask("HEAD", "/user", "user") == 200);
  CHECK(ask("GET", "/user", "reporter") == 403);
  CHECK(ask("POST", "/user", "user") == 403);
  CHECK(ask("POST", "/user", "reporter") == 200);
  CHECK(ask("GET", "/trusted", "reporter") == 403);
  CHECK(ask("GET", "/trusted", "trusted") == 200);
  for (const char* path : {"/key", "/user", "/trusted"})
    CHECK(ask("GET", path, "admin") == 200);
}

TEST_CASE_FIXTURE(guarded, "only on a known path are credentials checked before the method") {
  CHECK(ask("PATCH", "/user") == 401);
  CHECK(ask("PATCH", "/user", "trusted") == 405);
  CHECK(ask("OPTIONS", "/user") == 401);
  CHECK(ask("OPTIONS", "/user", "trusted") == 204);
  CHECK(ask("PATCH", "/open") == 405);
  CHECK(ask("OPTIONS", "/open") == 204);
  CHECK(ask("GET", "/nothing") == 404);
}

TEST_CASE_FIXTURE(guarded, "without current data the authenticator admits only open paths") {
  door.able = false;
  CHECK(ask("GET", "/user", "admin") == 503);
  CHECK(ask("GET", "/user") == 503);
  CHECK(ask("GET", "/open") == 200);
}

TEST_CASE("without an authenticator a caller has only the roles in the request") {
  router routes;
  routes.add("GET", "/user", access::user, echo);
  http_request request;
  request.method = "GET";
  request.path = "/user";
  CHECK(test::run(routes.handle(request)).status == 403);
  request.who.roles = {"user"};
  CHECK(test::run(routes.handle(request)).status == 200);
}

TEST_CASE_FIXTURE(guarded, "the header decides on admission, the route on reading a body") {
  auto admit = [&](const char* method, const char* path, const char* role, http_request& request) {
    request.method = method;
    request.path = path;
    if (*role != '\0') request.headers.emplace("role", role);
    auto refused = test::run(routes.admit(request));
    return refused ? refused->status : 0U;
  };
  http_request post;
  CHECK(admit("POST", "/user", "reporter", post) == 0);
  CHECK(post.admitted);
  CHECK(post.takes_body);
  CHECK(post.who.user_id == "somebody");
  auto answer = test::run(routes.handle(post));
  CHECK(answer.status == 200);
  CHECK(answer.varies == http_response::depends_on::key);
  http_request get;
  CHECK(admit("GET", "/user", "user", get) == 0);
  CHECK(!get.takes_body);
  http_request open;
  CHECK(admit("GET", "/open", "", open) == 0);
  CHECK(!open.takes_body);
  CHECK(test::run(routes.handle(open)).varies == http_response::depends_on::none);
  http_request nobody;
  CHECK(admit("POST", "/user", "", nobody) == 401);
  CHECK(!nobody.admitted);
  http_request behind;
  behind.by_gateway = true;
  CHECK(admit("POST", "/user", "reporter", behind) == 0);
  CHECK(test::run(routes.handle(behind)).varies == http_response::depends_on::gateway);
}

TEST_CASE_FIXTURE(guarded,
                  "refusals that do not depend on the caller are counted against the caller") {
  door.most_strays = 2;
  CHECK(ask("GET", "/nothing") == 404);
  CHECK(ask("PATCH", "/open") == 405);
  CHECK(ask("GET", "/nothing") == 429);
  CHECK(ask("PATCH", "/open") == 429);
  CHECK(ask("GET", "/open") == 200);
  CHECK(ask("GET", "/user") == 401);
  CHECK(door.strays == 4);
}

}  // namespace sonde::ingest
