#include "ingest/router.hpp"

#include "ingest/problem.hpp"
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
    routes.add("GET", "/scan/{id}", echo);
    routes.add("DELETE", "/scan/{id}", echo);
    routes.add("POST", "/scan", echo);
    routes.add("GET", "/entity/{id}/part/{part}", echo);
    routes.add("GET", "/", echo);
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

TEST_CASE_FIXTURE(routed, "HEAD is GET's handler, which need not know") {
  CHECK(ask("HEAD", "/scan/7").status == 200);
  CHECK(ask("HEAD", "/scan").status == 405);
}

TEST_CASE_FIXTURE(routed, "an unknown path is 404, and nothing matches by halves") {
  for (const char* path : {"/scans", "/scan/", "/scan/7/", "/scan/7/8", "//scan", "/SCAN",
                           "/entity//part/x", "/entity/a/part", "/scan/{id}/"}) {
    CAPTURE(path);
    auto answer = ask("GET", path);
    CHECK(answer.status == 404);
  }
  CHECK(ask("OPTIONS", "/nothing").status == 404);
}

TEST_CASE_FIXTURE(routed, "a path in bytes that are no UTF-8 is quoted without harm") {
  auto answer = ask("GET", "/\xFF\xFE");
  CHECK(answer.status == 404);
  CHECK(answer.body.find("\xEF\xBF\xBD") != std::string::npos);
}

TEST_CASE_FIXTURE(routed, "a known path with another method says which there are") {
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

TEST_CASE_FIXTURE(routed, "OPTIONS of all of the server lists what some path takes") {
  CHECK(ask("OPTIONS", "*").status == 204);
  CHECK(allowed("OPTIONS", "*") == "DELETE, GET, HEAD, OPTIONS, POST");
}

}  // namespace sonde::ingest
