#include "model/auth/audit_entry.hpp"

#include "model/events.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

audit_entry full_entry() {
  audit_entry out;
  out.time = wall_time(std::chrono::seconds(1'767'323'045));
  out.request = "a1-7";
  out.client = "192.0.2.1";
  out.key = "0123456789abcdef01234567";
  out.user = "alice";
  out.action = "scan.request";
  out.object = "00000000-0000-8000-8000-000000000000";
  out.target = "192.0.2.7";
  out.status = 202;
  out.left_out = 3;
  return out;
}

}  // namespace

TEST_CASE("an audit entry survives the round trip through JSON") {
  auto whole = full_entry();
  CHECK(parse_audit_entry(to_json_text(whole)).value() == whole);
  auto refused = full_entry();
  refused.key = refused.user = refused.object = refused.target = {};
  refused.left_out = 0;
  refused.status = 401;
  refused.reason = "the key is \"unknown\"";
  CHECK(parse_audit_entry(to_json_text(refused)).value() == refused);
  CHECK(to_json_text(refused).find("user") == std::string::npos);
}

TEST_CASE("the result follows from the status") {
  auto entry = full_entry();
  CHECK(result_of(entry) == "accepted");
  entry.partial = true;
  CHECK(result_of(entry) == "partial");
  entry.status = 503;
  CHECK(result_of(entry) == "refused");
  auto text = to_json_text(full_entry());
  text.replace(text.find("accepted"), 8, "refused");
  CHECK(!parse_audit_entry(text));
  CHECK(!parse_audit_entry("{}"));
}

TEST_CASE("the key of an entry's record is its user, or its client if there is no user") {
  auto entry = full_entry();
  auto record = to_record(entry);
  CHECK(record.topic == topics::audit);
  CHECK(record.key == "alice");
  entry.user = {};
  CHECK(to_record(entry).key == "192.0.2.1");
}

}  // namespace sonde::model
