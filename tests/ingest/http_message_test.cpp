#include "ingest/http/http_message.hpp"

#include "tests/support/doctest.hpp"

#include <optional>

namespace sonde::ingest {
namespace {

std::optional<http_request> parsed_target(std::string_view target) {
  http_request out;
  if (!parse_request_target(target, out)) return std::nullopt;
  return out;
}

}  // namespace

TEST_CASE("a request target is a path and a query, both decoded") {
  auto plain = parsed_target("/api/ingest/v1/scan");
  REQUIRE(plain);
  CHECK(plain->path == "/api/ingest/v1/scan");
  CHECK(plain->query.empty());

  auto full = parsed_target("/a%20b?x=1&y=a%26b&z=1+2&w");
  REQUIRE(full);
  CHECK(full->path == "/a b");
  CHECK(full->query ==
        std::map<std::string, std::string>{{"x", "1"}, {"y", "a&b"}, {"z", "1 2"}, {"w", ""}});
}

TEST_CASE("a plus is a space in a query and itself in a path") {
  auto read = parsed_target("/a+b?c+d=e+f");
  REQUIRE(read);
  CHECK(read->path == "/a+b");
  CHECK(read->query.at("c d") == "e f");
}

TEST_CASE("the first value of a repeated query parameter counts") {
  auto read = parsed_target("/?a=1&a=2&&=3&b==4");
  REQUIRE(read);
  CHECK(read->query.at("a") == "1");
  CHECK(read->query.at("") == "3");
  CHECK(read->query.at("b") == "=4");
}

TEST_CASE("a target that is not in origin form or wrongly encoded is refused") {
  for (const char* bad : {"", "scan", "http://127.0.0.1/", "*", "?a=1", "/%", "/%4", "/%zz", "/%4g",
                          "/a%00b", "/?a=%", "/?%zz=1", "/?a=%00", "/?a=1&b=%2"}) {
    CAPTURE(bad);
    CHECK(!parsed_target(bad));
  }
}

TEST_CASE("an encoded slash or control byte is refused in a path and accepted in a query") {
  for (const char* bad : {"/a%2Fb", "/a%2fb", "/%2F", "/a/%0ab", "/%1F", "/%7f", "/a%0D%0Ab"}) {
    CAPTURE(bad);
    http_request out;
    auto read = parse_request_target(bad, out);
    REQUIRE(!read);
    CHECK(read.error().message().find("percent-encoded") != std::string::npos);
  }
  auto query = parsed_target("/a?b=%2F%0a");
  REQUIRE(query);
  CHECK(query->query.at("b") == "/\n");
}

TEST_CASE("a response has a date, a caching policy, and its connection's persistence") {
  http_response answer;
  answer.headers = {{"X", "y"}};
  answer.body = "text";
  auto plain = to_wire(answer, {false, true, 11, "today"});
  CHECK(plain ==
        "HTTP/1.1 200 OK\r\nDate: today\r\nX: y\r\nCache-Control: no-store\r\n"
        "Content-Length: 4\r\n\r\ntext");
  auto old = to_wire(answer, {true, true, 10, "today"});
  CHECK(old.ends_with("Connection: keep-alive\r\nContent-Length: 4\r\n\r\n"));
  answer.cacheable = true;
  answer.varies = http_response::depends_on::key;
  auto closed = to_wire(answer, {true, false, 10, "today"});
  CHECK(closed.find("Cache-Control: max-age=60\r\nVary: Authorization, api-key, api-secret\r\n"
                    "Connection: close\r\n") != std::string::npos);
  answer.varies = http_response::depends_on::gateway;
  CHECK(to_wire(answer, {}).find("Vary: user-id, groups, roles\r\n") != std::string::npos);
  answer.status = 204;
  CHECK(to_wire(answer, {}).find("Content-Length") == std::string::npos);
}

TEST_CASE("non-ASCII bytes pass through") {
  auto read = parsed_target("/\xFF?q=\xC3\xA9%C3%A9");
  REQUIRE(read);
  CHECK(read->path == "/\xFF");
  CHECK(read->query.at("q") == "éé");
}

TEST_CASE("headers are found by their name in lower case") {
  http_request request;
  request.headers = {{"content-type", "application/json"}};
  REQUIRE(request.header("content-type") != nullptr);
  CHECK(*request.header("content-type") == "application/json");
  CHECK(request.header("host") == nullptr);
}

TEST_CASE("a caller without roles has no permission, an admin has every permission") {
  caller nobody;
  CHECK(!nobody.has("user"));
  CHECK(nobody.groups.empty());
  CHECK(nobody.sees.empty());
  caller admin;
  admin.roles = {"admin"};
  CHECK(admin.has("trusted"));
}

}  // namespace sonde::ingest
