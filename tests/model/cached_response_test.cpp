#include "model/cached_response.hpp"

#include "model/events.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

cached_response an_answer() {
  cached_response out;
  out.id = std::string(64, 'a');
  out.request = std::string(64, '0');
  out.by = "process-7";
  out.status = 202;
  out.content_type = "application/json";
  out.body = "{\"id\":\"ü\"}\n";
  out.time = wall_time(std::chrono::seconds(1'767'323'045));
  return out;
}

/// Returns the record of a cached response with one of its fields changed.
std::string with(const char* name, json value) {
  auto object = parse_own(to_json_text(an_answer()));
  object[name] = std::move(value);
  return to_text(object);
}

std::string without(const char* name) {
  auto object = parse_own(to_json_text(an_answer()));
  object.erase(name);
  return to_text(object);
}

}  // namespace

TEST_CASE("a cached response survives the round trip through its record, without the caller") {
  auto record = to_record(an_answer());
  CHECK(record.topic == "idempotency");
  CHECK(record.key == an_answer().id);
  CHECK(*find_header(record.headers, "ce_type") == "sonde.idempotency.v1");
  CHECK(*find_header(record.headers, "ce_id") == "process-7/answered");
  auto back = parse_cached_response(record.value);
  REQUIRE(back);
  CHECK(*back == an_answer());
  auto bare = an_answer();
  bare.status = 204;
  bare.content_type.clear();
  bare.body.clear();
  CHECK(parse_cached_response(to_json_text(bare)).value() == bare);
}

TEST_CASE("the record for a secret says only that there was one") {
  auto begun = an_answer();
  for (auto what : {cached_response::kind::begun, cached_response::kind::released}) {
    begun.what = what;
    auto text = to_json_text(begun);
    CHECK(text.find("body") == std::string::npos);
    auto back = parse_cached_response(text);
    REQUIRE(back);
    CHECK(back->what == what);
    CHECK(back->by == begun.by);
    CHECK(back->body.empty());
    CHECK(back->status == 0);
  }
}

TEST_CASE("an invalid record of a cached response is refused") {
  const std::string wrong[] = {
      "",
      "[]",
      "null",
      with("id", "A"),
      with("id", std::string(64, 'A')),
      with("request", std::string(63, 'a')),
      with("state", "done"),
      with("status", 99),
      with("status", 500),
      with("status", -1),
      with("status", "202"),
      with("time", "yesterday"),
      with("body", json::object()),
      with("content_type", "a\r\nSet-Cookie: b"),
      with("content_type", "ü"),
      without("id"),
      without("request"),
      without("by"),
      without("state"),
      without("status"),
      without("body"),
      without("time"),
  };
  for (const auto& text : wrong) {
    CAPTURE(text);
    auto read = parse_cached_response(text);
    CHECK(!read);
  }
  CHECK(parse_cached_response(with("more", 1)).value() == an_answer());
}

}  // namespace sonde::model
