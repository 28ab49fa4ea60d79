#include "ingest/auth/daily_quota.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"

namespace sonde::ingest {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

struct counted {
  counted() { bounds.tenant_bytes_per_day = 1'000; }

  static http_request of(std::vector<std::string> groups) {
    http_request out;
    out.id = "id-1";
    out.who.groups = std::move(groups);
    return out;
  }
  static std::string header_in(const http_response& answer, const std::string& name) {
    for (const auto& [each, value] : answer.headers) {
      if (each == name) return value;
    }
    return {};
  }

  auth_limits bounds;
  test::manual_clock clock;
  metrics counts;
};

}  // namespace

TEST_CASE_FIXTURE(counted, "a tenant that has used its quota is refused until its day ends") {
  daily_quota quota(bounds, clock, counts);
  quota.charge({"blue"}, 999);
  CHECK(!quota.check(of({"blue"})));
  clock.advance(hours(1));
  quota.charge({"blue"}, 1);
  auto refused = quota.check(of({"blue"}));
  REQUIRE(refused);
  CHECK(refused->status == 429);
  CHECK(header_in(*refused, "Retry-After") == std::to_string(23 * 3600));
  CHECK(refused->body.find("limits.tenant_bytes_per_day is 1000") != std::string::npos);
  CHECK(refused->body.find("written 1000 bytes") != std::string::npos);
  clock.advance(hours(23) - seconds(1));
  CHECK(header_in(*quota.check(of({"blue"})), "Retry-After") == "1");
  clock.advance(seconds(1));
  CHECK(!quota.check(of({"blue"})));
  quota.charge({"blue"}, 500);
  CHECK(!quota.check(of({"blue"})));
}

TEST_CASE_FIXTURE(counted, "each set of groups is a separate tenant") {
  daily_quota quota(bounds, clock, counts);
  quota.charge({"blue", "red"}, 5'000);
  CHECK(quota.check(of({"blue", "red"})));
  CHECK(!quota.check(of({"blue"})));
  CHECK(!quota.check(of({"bluered"})));
  CHECK(!quota.check(of({})));
}

TEST_CASE_FIXTURE(counted,
                  "above the limit of tenants the one with the oldest write is forgotten") {
  bounds.rate_buckets = 2;
  daily_quota quota(bounds, clock, counts);
  quota.charge({"a"}, 5'000);
  quota.charge({"b"}, 5'000);
  quota.charge({"a"}, 1);
  quota.charge({"c"}, 5'000);
  CHECK(quota.tenants() == 2);
  CHECK(quota.check(of({"a"})));
  CHECK(!quota.check(of({"b"})));
  CHECK(quota.check(of({"c"})));
}

TEST_CASE_FIXTURE(counted, "without a quota nothing is counted") {
  bounds.tenant_bytes_per_day = 0;
  daily_quota quota(bounds, clock, counts);
  quota.charge({"a"}, 5'000);
  CHECK(quota.tenants() == 0);
  CHECK(!quota.check(of({"a"})));
}

}  // namespace sonde::ingest
