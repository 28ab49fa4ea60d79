#include "scanner/engine/page_icon.hpp"

#include "tests/engine/scan_fixture.hpp"
#include "tests/engine/tls_behaviour.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

/// A web server with a page and an icon.
test::behaviour serves_page_and_icon() {
  return [](test::tcp_socket peer) -> awaitable<void> {
    auto request = co_await test::read_get(peer);
    std::string head = "HTTP/1.1 200 OK\r\nContent-Type: ";
    if (request.starts_with("GET / ")) {
      co_await test::say(peer, head + "text/html\r\n\r\n<title>A page</title>");
    } else if (request.starts_with("GET /favicon.ico ")) {
      co_await test::say(peer, head + "image/x-icon\r\nContent-Length: 4\r\n\r\nicon");
    }
  };
}

struct icon_report {
  std::string favicon;
  bool asked = false;
  int connections = 0;
};

icon_report icon_of(const test::behaviour& how, depth how_deep) {
  icon_report out;
  auto settings = test::test_settings();
  settings.how_deep = how_deep;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(how);
    auto report = co_await f.scan("127.77.0.1", std::to_string(server.port()));
    auto endpoint = test::endpoint_of(report, server.port());
    for (const auto& fact : endpoint.service.facts) {
      if (fact.name == "favicon") out.favicon = fact.value;
    }
    out.asked = std::ranges::find(endpoint.asked, "favicon: answered") != endpoint.asked.end();
    out.connections = server.accepted();
  };
  test::with_engine(body, test::short_limits(), settings);
  return out;
}

}  // namespace

TEST_CASE("depth deep requests the icon of a page, on one connection more") {
  auto standard = icon_of(serves_page_and_icon(), depth::standard);
  CHECK(standard.favicon.empty());
  CHECK(!standard.asked);
  auto deep = icon_of(serves_page_and_icon(), depth::deep);
  CHECK(deep.favicon == "1355950459");
  CHECK(deep.asked);
  CHECK(deep.connections == standard.connections + 1);
}

TEST_CASE("a server without a page is not asked for an icon") {
  auto json = test::answers_http("HTTP/1.1 200 OK\r\nContent-Type: application/json");
  CHECK(!icon_of(json, depth::deep).asked);
}

}  // namespace sonde::scanner
