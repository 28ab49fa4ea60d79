#include "model/kept_answer.hpp"

#include "model/events.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

kept_answer an_answer() {
  kept_answer out;
  out.id = std::string(64, 'a');
  out.request = std::string(64, '0');
  out.by = "process-7";
  out.status = 202;
  out.content_type = "application/json";
  out.body = "{\"id\":\"ü\"}\n";
  out.time = wall_time(std::chrono::seconds(1'767'323'045));
  return out;
}

/// The record of an answer with one of its fields changed.
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

TEST_CASE("an answer comes back from its record, and says nothing of who asked") {
  auto record = to_record(an_answer());
  CHECK(record.topic == "idempotency");
  CHECK(record.key == an_answer().id);
  CHECK(*find_header(record.headers, "ce_type") == "sonde.idempotency.v1");
  CHECK(*find_header(record.headers, "ce_id") == "process-7/answered");
  auto back = parse_kept_answer(record.value);
  REQUIRE(back);
  CHECK(*back == an_answer());
  auto bare = an_answer();
  bare.status = 204;
  bare.content_type.clear();
  bare.body.clear();
  CHECK(parse_kept_answer(to_json_text(bare)).value() == bare);
}

TEST_CASE("of a secret no more is said than that there was one") {
  auto begun = an_answer();
  for (auto what : {kept_answer::kind::begun, kept_answer::kind::released}) {
    begun.what = what;
    auto text = to_json_text(begun);
    CHECK(text.find("body") == std::string::npos);
    auto back = parse_kept_answer(text);
    REQUIRE(back);
    CHECK(back->what == what);
    CHECK(back->by == begun.by);
    CHECK(back->body.empty());
    CHECK(back->status == 0);
  }
}

TEST_CASE("what could not have been an answer is none") {
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
    auto read = parse_kept_answer(text);
    CHECK(!read);
  }
  CHECK(parse_kept_answer(with("more", 1)).value() == an_answer());
}

}  // namespace sonde::model
