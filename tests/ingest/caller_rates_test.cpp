#include "ingest/auth/caller_rates.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"

namespace sonde::ingest {
namespace {

struct rated {
  rated() {
    bounds.requests_per_key_per_s = 10;
    bounds.requests_per_key_burst = 1;
    bounds.requests_per_user_per_s = 30;
    bounds.requests_per_user_burst = 3;
    bounds.refused_per_address_per_s = 20;
    bounds.refused_per_address_burst = 1;
  }
  static http_request of(std::string key, std::string user, std::string peer = {}) {
    http_request out;
    out.id = "id-1";
    out.who.key_id = key;
    out.who.rate_id = std::move(key);
    out.who.user_id = std::move(user);
    out.peer = std::move(peer);
    return out;
  }

  auth_limits bounds;
  test::manual_clock clock;
  metrics counts;
};

std::string said_in(const http_response& answer, const std::string& name) {
  for (const auto& [each, value] : answer.headers) {
    if (each == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE_FIXTURE(rated, "a request counts for its key and user, a gateway's only for the user") {
  caller_rates rates(bounds, clock, counts);
  CHECK(!rates.check(of("one", "ada")));
  CHECK(rates.check(of("one", "ada")));
  CHECK(!rates.check(of("two", "ada")));
  CHECK(!rates.check(of("", "ada")));
  CHECK(rates.check(of("", "ada", "192.0.2.1")));
  CHECK(rates.check(of("three", "ada")));
  CHECK(!rates.check(of("", "one")));
  clock.advance(std::chrono::milliseconds(100));
  CHECK(!rates.check(of("one", "ada")));
}

TEST_CASE_FIXTURE(rated, "only requests without a valid key count for their address") {
  caller_rates rates(bounds, clock, counts);
  CHECK(!rates.check_refused(of("", "", "192.0.2.1")));
  CHECK(rates.check_refused(of("", "", "192.0.2.1")));
  CHECK(!rates.check(of("one", "ada", "192.0.2.1")));
  CHECK(!rates.check_refused(of("", "", "2001:db8::")));
  CHECK(!rates.check_refused(of("", "")));
  CHECK(!rates.check_refused(of("", "")));
}

TEST_CASE_FIXTURE(rated, "a 429 answer names the limit and the time to wait") {
  caller_rates rates(bounds, clock, counts);
  (void)rates.check(of("one", "ada"));
  for (int i = 0; i < 3; ++i)
    (void)rates.check(of("", "ben"));
  (void)rates.check_refused(of("", "", "192.0.2.1"));
  struct {
    std::optional<http_response> answer;
    const char* sentence;
  } const all[] = {
      {rates.check(of("one", "ada")), "limits.requests_per_key_per_s, 10 a second"},
      {rates.check(of("", "ben")), "limits.requests_per_user_per_s, 30 a second"},
      {rates.check_refused(of("", "", "192.0.2.1")), "limits.refused_per_address_per_s, 20 a"},
  };
  for (const auto& each : all) {
    CAPTURE(each.sentence);
    REQUIRE(each.answer);
    CHECK(each.answer->status == 429);
    CHECK(said_in(*each.answer, "Retry-After") == "1");
    CHECK(said_in(*each.answer, "x-error").find(each.sentence) != std::string::npos);
  }
  for (const char* kind : {"key", "user", "address"}) {
    auto line = "sonde_http_rate_limited_total{kind=\"" + std::string(kind) + "\"} 1\n";
    CHECK(counts.text().find(line) != std::string::npos);
  }
}

TEST_CASE_FIXTURE(rated, "new rates apply immediately, and error messages show them") {
  caller_rates rates(bounds, clock, counts);
  CHECK(!rates.check(of("one", "ada")));
  CHECK(rates.check(of("one", "ada")));
  bounds.requests_per_key_per_s = 40;
  bounds.requests_per_key_burst = 5;
  bounds.requests_per_user_burst = 50;
  bounds.refused_per_address_burst = 2;
  rates.set_rates(bounds);
  for (int i = 0; i < 5; ++i)
    CHECK(!rates.check(of("two", "ben")));
  auto refused = rates.check(of("two", "ben"));
  REQUIRE(refused);
  CHECK(said_in(*refused, "x-error").find("40 a second") != std::string::npos);
  CHECK(!rates.check_refused(of("", "", "192.0.2.1")));
  CHECK(!rates.check_refused(of("", "", "192.0.2.1")));
  CHECK(rates.check_refused(of("", "", "192.0.2.1")));
}

}  // namespace sonde::ingest
