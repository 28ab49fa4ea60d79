#include "scanner/modules/http_favicon.hpp"

#include "tests/support/doctest.hpp"

#include <string>

namespace sonde::scanner {
namespace {

std::string sample_icon() {
  std::string out("\0\0\1\0", 4);
  for (int i = 0; i < 200; ++i)
    out += static_cast<char>(i);
  return out;
}

/// The hash that the talk finds in a response; empty: none.
std::string icon_in(const std::string& response) {
  auto talk = favicon_talk({});
  CHECK(talk->begin().starts_with("GET /favicon.ico HTTP/1.0\r\n"));
  auto step = talk->receive(response);
  if (step.what == talk_step::kind::more) step = talk->ended(response);
  if (step.what != talk_step::kind::known) return {};
  REQUIRE(step.known.service.facts.size() == 1);
  CHECK(step.known.service.facts.front().name == "favicon");
  return step.known.service.facts.front().value;
}

model::endpoint_observation page_with(const std::string& head) {
  model::endpoint_observation out;
  out.service.name = "http";
  out.raw_banner = head;
  return out;
}

}  // namespace

TEST_CASE("the hash of an icon is the one of its base64 in lines, signed") {
  // Computed with Python's base64.encodebytes and the reference algorithm.
  CHECK(favicon_hash("icon") == "1355950459");
  CHECK(favicon_hash(sample_icon()) == "-1874974550");
}

TEST_CASE("an icon is taken from a whole response of the right type") {
  std::string head = "HTTP/1.1 200 OK\r\nContent-Type: image/x-icon\r\nContent-Length: ";
  auto icon = sample_icon();
  CHECK(icon_in(head + "204\r\n\r\n" + icon) == "-1874974550");
  CHECK(icon_in(head + "204\r\n\r\n" + icon + "more") == "-1874974550");
  CHECK(icon_in(head + "205\r\n\r\n" + icon).empty());
  CHECK(icon_in(head + "0\r\n\r\n").empty());
  CHECK(icon_in("HTTP/1.1 200 OK\r\n\r\n" + icon).empty());
  CHECK(icon_in("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nicon")
            .empty());
  CHECK(icon_in("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nicon").empty());
  CHECK(icon_in("SSH-2.0-x\r\n").empty());
}

TEST_CASE("only a page that was served has an icon to request") {
  CHECK(shows_http_page(page_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8")));
  CHECK(!shows_http_page(page_with("HTTP/1.1 200 OK\r\nContent-Type: application/json")));
  CHECK(!shows_http_page(page_with("HTTP/1.1 302 Found\r\nContent-Type: text/html")));
  CHECK(!shows_http_page(page_with("HTTP/1.1 200 OK")));
  auto other = page_with("HTTP/1.1 200 OK\r\nContent-Type: text/html");
  other.service.name = "elasticsearch";
  CHECK(!shows_http_page(other));
}

}  // namespace sonde::scanner
