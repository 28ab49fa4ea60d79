#include "ingest/http/idempotency_key.hpp"

#include "tests/support/doctest.hpp"

#include <algorithm>
#include <set>

namespace sonde::ingest {
namespace {

caller by_key(std::string id) {
  caller out;
  out.key_id = std::move(id);
  out.user_id = "ada";
  return out;
}

caller by_gateway(std::string user) {
  caller out;
  out.user_id = std::move(user);
  return out;
}

http_request asking(std::string method, const std::string& target, std::string body) {
  http_request out;
  out.method = std::move(method);
  REQUIRE(parse_request_target(target, out));
  out.body = std::move(body);
  return out;
}

}  // namespace

TEST_CASE("a key is a string of RFC 8941, or the same without quotes") {
  const std::pair<std::string, std::string> keys[] = {
      {"\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
      {"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
      {"\"a\\\"b\\\\c\"", "a\"b\\c"},
      {"\"a,b;c\"", "a,b;c"},
      {"!", "!"},
      {"~", "~"},
      {"a\"b", ""},
      {std::string(255, 'x'), std::string(255, 'x')},
      {"\"" + std::string(255, 'x') + "\"", std::string(255, 'x')},
  };
  for (const auto& each : keys) {
    CAPTURE(each.first);
    auto read = parse_idempotency_key(each.first);
    REQUIRE(read.has_value() == !each.second.empty());
    if (read) CHECK(*read == each.second);
  }
}

TEST_CASE("an invalid key is refused with the accepted form") {
  const std::string wrong[] = {"",
                               "\"",
                               "\"\"",
                               "\"a",
                               "a\"",
                               "\"a\"b\"",
                               "\"a\\\"",
                               "\"a\\n\"",
                               "\"a\";p=1",
                               "a;p=1",
                               "a,b",
                               "a b",
                               "\"a b\"",
                               "a\tb",
                               "\xC3\xA4",
                               "\"\xC3\xA4\"",
                               "a\\b",
                               std::string("a\0b", 3),
                               "\x7F",
                               std::string(256, 'x'),
                               "\"" + std::string(256, 'x') + "\""};
  for (const auto& value : wrong) {
    CAPTURE(value);
    auto read = parse_idempotency_key(value);
    REQUIRE(!read);
    auto said = read.error().message();
    CHECK(said.starts_with("Idempotency-Key: is not a key; send "));
    // The message is sent in a header.
    CHECK(std::ranges::all_of(said, [](char c) { return c >= ' ' && c <= '~'; }));
  }
  http_request twice;
  twice.headers = {{"idempotency-key", "a"}};
  CHECK(idempotency_key_of(twice).value() == "a");
  twice.repeated = {"idempotency-key"};
  REQUIRE(!idempotency_key_of(twice));
  CHECK(idempotency_key_of(twice).error().message().find("more than once") != std::string::npos);
}

TEST_CASE("each caller has a separate key space") {
  std::set<std::string> ids = {
      idempotency_id(by_key("one"), "x"),        idempotency_id(by_key("two"), "x"),
      idempotency_id(by_gateway("one"), "x"),    idempotency_id(by_gateway("ada"), "x"),
      idempotency_id(by_key("one"), "y"),        idempotency_id(by_key("onex"), ""),
      idempotency_id(by_gateway("key:one"), "x")};
  CHECK(ids.size() == 7);
  // SHA-256 of 00000007 "key:one" 00000001 "x".
  CHECK(idempotency_id(by_key("one"), "x") ==
        "b21b01ff6f4681848e75395a097303e1babeae62108561d68ed50dc451813b7f");
}

TEST_CASE("the request hash covers method, target and body, and no header or caller") {
  auto one = asking("POST", "/scan", "{}");
  auto same = one;
  same.id = "other";
  same.headers = {{"user-agent", "x"}};
  same.who = by_key("one");
  CHECK(hash_of(one) == hash_of(same));
  std::set<std::string> hashes = {
      hash_of(one),
      hash_of(asking("DELETE", "/scan", "{}")),
      hash_of(asking("POST", "/scans", "{}")),
      hash_of(asking("POST", "/scan", "{} ")),
      hash_of(asking("POST", "/scan?a=1", "{}")),
      hash_of(asking("POST", "/scan?a=1&b=2", "{}")),
      hash_of(asking("POST", "/scan?a=1b&=2", "{}")),
      hash_of(asking("POST", "/scan?a", "{}")),
  };
  CHECK(hashes.size() == 8);
  CHECK(hash_of(asking("POST", "/scan?a=1&b=2", "")) ==
        hash_of(asking("POST", "/scan?b=2&a=%31", "")));
}

}  // namespace sonde::ingest
