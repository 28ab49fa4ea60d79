#include "scanner/engine/rate.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::manual_clock;

model::ip_address address(const char* text) {
  return model::ip_address::parse(text).value();
}

/// The number of tokens that the bucket grants at this moment.
int burst_of(token_bucket& bucket, steady_time now) {
  int count = 0;
  while (count < 10'000 && bucket.take(now) <= now)
    ++count;
  return count;
}

}  // namespace

TEST_CASE("a bucket without a limit grants everything") {
  manual_clock time;
  token_bucket bucket(0);
  CHECK(bucket.unlimited());
  CHECK(burst_of(bucket, time.steady_now()) == 10'000);
}

TEST_CASE("a bucket grants a burst of 50 ms, then one token after the other") {
  manual_clock time;
  token_bucket bucket(200);
  auto now = time.steady_now();
  for (int i = 0; i < 10; ++i)
    CHECK(bucket.take(now) == now);
  CHECK(bucket.take(now) == now + milliseconds(5));
  CHECK(bucket.take(now) == now + milliseconds(10));
  CHECK(bucket.take(now) == now + milliseconds(15));
  // Later tokens come after these.
  time.advance(milliseconds(15));
  now = time.steady_now();
  CHECK(bucket.take(now) == now + milliseconds(5));
}

TEST_CASE("an idle period fills the bucket, but not above its burst") {
  manual_clock time;
  token_bucket bucket(200);
  burst_of(bucket, time.steady_now());
  time.advance(seconds(3600));
  CHECK(burst_of(bucket, time.steady_now()) == 10);
}

TEST_CASE("a slow bucket grants one token at once") {
  manual_clock time;
  token_bucket bucket(2);
  auto now = time.steady_now();
  CHECK(bucket.take(now) == now);
  CHECK(bucket.take(now) == now + milliseconds(500));
  CHECK(bucket.take(now) == now + milliseconds(1000));
}

TEST_CASE("a bucket keeps its rate over any period") {
  manual_clock time;
  token_bucket bucket(100);
  auto begun = time.steady_now();
  steady_time last{};
  for (int i = 0; i < 1005; ++i) {
    last = bucket.take(time.steady_now());
    if (last > time.steady_now()) {
      time.advance(std::chrono::ceil<milliseconds>(last - time.steady_now()));
    }
  }
  CHECK(last - begun == seconds(10));
}

TEST_CASE("a loss halves the rate, at most once a second, and not below the minimum rate") {
  manual_clock time;
  adaptive_rate rate(200);
  rate.note_loss(time.steady_now());
  CHECK(rate.bucket().rate() == 100);
  rate.note_loss(time.steady_now());
  time.advance(milliseconds(999));
  rate.note_loss(time.steady_now());
  CHECK(rate.bucket().rate() == 100);
  time.advance(milliseconds(1));
  rate.note_loss(time.steady_now());
  CHECK(rate.bucket().rate() == 50);
  for (int i = 0; i < 20; ++i) {
    time.advance(seconds(1));
    rate.note_loss(time.steady_now());
  }
  CHECK(rate.bucket().rate() == 10);
}

TEST_CASE("answers restore the rate up to the configured rate") {
  manual_clock time;
  adaptive_rate rate(200);
  rate.note_loss(time.steady_now());
  for (int i = 0; i < 49; ++i)
    rate.note_answer(time.steady_now());
  CHECK(rate.bucket().rate() == 100);
  rate.note_answer(time.steady_now());
  CHECK(rate.bucket().rate() == 125);
  for (int i = 0; i < 1000; ++i)
    rate.note_answer(time.steady_now());
  CHECK(rate.bucket().rate() == 200);
}

TEST_CASE("a loss does not raise a rate that is below the minimum rate") {
  manual_clock time;
  adaptive_rate rate(5);
  rate.note_loss(time.steady_now());
  CHECK(rate.bucket().rate() == 5);
}

TEST_CASE("an unlimited rate stays unlimited after a loss") {
  manual_clock time;
  adaptive_rate rate(0);
  rate.note_loss(time.steady_now());
  rate.note_answer(time.steady_now());
  CHECK(rate.bucket().unlimited());
}

TEST_CASE(
    "scans of one address share its rate, and addresses of one network share the network's rate") {
  manual_clock time;
  rate_table table({.per_address = 200, .per_network = 2000});
  auto one = table.lease_for(address("203.0.113.1"), network_owner::others);
  auto same = table.lease_for(address("203.0.113.1"), network_owner::others);
  auto neighbour = table.lease_for(address("203.0.113.255"), network_owner::others);
  auto stranger = table.lease_for(address("203.0.114.1"), network_owner::others);
  CHECK(one.address == same.address);
  CHECK(one.address != neighbour.address);
  CHECK(one.network == neighbour.network);
  CHECK(one.network != stranger.network);
  auto v6 = table.lease_for(address("2001:db8:1::1"), network_owner::others);
  CHECK(v6.network ==
        table.lease_for(address("2001:db8:1:ffff::1"), network_owner::others).network);
  CHECK(v6.network != table.lease_for(address("2001:db8:2::1"), network_owner::others).network);
}

TEST_CASE("the slower of the two rates limits a rate lease") {
  manual_clock time;
  auto now = time.steady_now();
  for (auto rates : {rate_settings{200, 100}, rate_settings{100, 200}}) {
    rate_table table(rates);
    auto lease = table.lease_for(address("203.0.113.1"), network_owner::others);
    for (int i = 0; i < 5; ++i)
      CHECK(lease.take(now) == now);
    CHECK(lease.take(now) == now + milliseconds(10));
  }
}

TEST_CASE("an own network has no limits and no entry in the table") {
  manual_clock time;
  rate_table table({.per_address = 1, .per_network = 1});
  auto own = table.lease_for(address("192.0.2.1"), network_owner::us);
  for (int i = 0; i < 1000; ++i)
    CHECK(own.take(time.steady_now()) == time.steady_now());
}

TEST_CASE("the table drops a rate with its last holder") {
  manual_clock time;
  rate_table table({.per_address = 200, .per_network = 2000});
  auto now = time.steady_now();
  {
    auto lease = table.lease_for(address("203.0.113.1"), network_owner::others);
    auto same = table.lease_for(address("203.0.113.1"), network_owner::others);
    lease.address->note_loss(now);
    same = {};
    CHECK(table.lease_for(address("203.0.113.1"), network_owner::others).address->bucket().rate() ==
          100);
  }
  CHECK(table.lease_for(address("203.0.113.1"), network_owner::others).address->bucket().rate() ==
        200);
}

TEST_CASE("processes that scan concurrently share the configured rates equally") {
  manual_clock time;
  rate_table table({.per_address = 200, .per_network = 2000});
  auto now = time.steady_now();
  auto before = table.lease_for(address("203.0.113.1"), network_owner::others);
  auto lossy = table.lease_for(address("203.0.113.2"), network_owner::others);
  lossy.address->note_loss(now);
  table.share_among(4, now);
  auto after = table.lease_for(address("203.0.114.1"), network_owner::others);
  CHECK(before.address->bucket().rate() == 50);
  CHECK(before.network->rate() == 500);
  CHECK(after.address->bucket().rate() == 50);
  CHECK(after.network->rate() == 500);
  CHECK(lossy.address->bucket().rate() == 25);
  table.share_among(1, now);
  CHECK(before.address->bucket().rate() == 200);
  CHECK(lossy.address->bucket().rate() == 100);
  CHECK(before.network->rate() == 2000);
  rate_table unlimited({.per_address = 0, .per_network = 0});
  auto free = unlimited.lease_for(address("203.0.113.1"), network_owner::others);
  unlimited.share_among(4, now);
  CHECK(free.address->bucket().unlimited());
  CHECK(free.network->unlimited());
}

TEST_CASE("changed rates apply at once and keep the effect of losses") {
  manual_clock time;
  auto now = time.steady_now();
  rate_table table({.per_address = 200, .per_network = 2000});
  auto held = table.lease_for(address("203.0.113.1"), network_owner::others);
  held.address->note_loss(now);
  table.share_among(2, now);
  table.set_rates({.per_address = 40, .per_network = 400}, now);
  CHECK(held.address->bucket().rate() == 10);
  CHECK(held.network->rate() == 200);
  CHECK(table.lease_for(address("203.0.113.2"), network_owner::others).address->bucket().rate() ==
        20);
  table.set_rates({.per_address = 0, .per_network = 0}, now);
  CHECK(held.take(now) == now);
  CHECK(table.lease_for(address("203.0.114.2"), network_owner::others).network->unlimited());
}

TEST_CASE("rates apply to /24 networks of IPv4 and /48 networks of IPv6") {
  CHECK(rate_network(address("203.0.113.77")).text() == "203.0.113.0/24");
  CHECK(rate_network(address("2001:db8:1:2::3")).text() == "2001:db8:1::/48");
}

}  // namespace sonde::scanner
