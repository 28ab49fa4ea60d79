#include "client/audit_list.hpp"

#include "tests/support/doctest.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace sonde::client {
namespace {

model::audit_entry entry_at(std::int64_t second) {
  model::audit_entry out;
  out.time = wall_time(std::chrono::seconds(second));
  out.key = "k";
  out.user = "alice";
  out.action = "scan.request";
  out.target = "192.0.2.7";
  out.status = 202;
  return out;
}

}  // namespace

TEST_CASE("an entry is listed only if it matches every field of the query") {
  auto entry = entry_at(100);
  CHECK(matches({}, entry));
  std::vector<std::function<void(audit_query&, const std::string&)>> fields = {
      [](audit_query& q, const std::string& v) { q.key = v; },
      [](audit_query& q, const std::string& v) { q.user = v; },
      [](audit_query& q, const std::string& v) { q.action = v; },
      [](audit_query& q, const std::string& v) { q.target = v; }};
  std::vector<std::string> values = {"k", "alice", "scan.request", "192.0.2.7"};
  audit_query all;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields[i](all, values[i]);
    CHECK(matches(all, entry));
    auto other = all;
    fields[i](other, "another");
    CHECK(!matches(other, entry));
  }
}

TEST_CASE(
    "`since` is inclusive, `until` is exclusive, and `refused` selects what was not accepted") {
  audit_query query;
  query.since = wall_time(std::chrono::seconds(100));
  query.until = wall_time(std::chrono::seconds(200));
  CHECK(!matches(query, entry_at(99)));
  CHECK(matches(query, entry_at(100)));
  CHECK(!matches(query, entry_at(200)));
  query.refused = true;
  auto entry = entry_at(150);
  CHECK(!matches(query, entry));
  entry.status = 403;
  CHECK(matches(query, entry));
}

}  // namespace sonde::client
