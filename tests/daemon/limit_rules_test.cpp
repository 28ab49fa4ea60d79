#include "daemon/limit_rules.hpp"

#include "tests/support/doctest.hpp"

#include <functional>

namespace sonde::daemon {
namespace {

struct broken_rule {
  const char* name;
  std::function<void(configuration&)> set;
  std::vector<const char*> told;  ///< both settings, their values, what is accepted
};

std::string odd_ports(int last) {
  std::string out;
  for (int port = 1; port < last; port += 2)
    out += (out.empty() ? "" : ",") + std::to_string(port);
  return out;
}

const std::vector<broken_rule> broken_rules = {
    {"webhook body",
     [](configuration& c) { c.limits.webhook_body_bytes = 500'000; },
     {"limits.webhook_body_bytes is 500000", "limits.record_max_bytes is 921600", "up to 444416",
      "from 1032768 up"}},
    {"idempotency body",
     [](configuration& c) { c.limits.idempotency_body_bytes = 460'000; },
     {"limits.idempotency_body_bytes is 460000", "limits.record_max_bytes is 921600",
      "up to 456704"}},
    {"small records",
     [](configuration& c) { c.limits.record_max_bytes = 65'536; },
     {"limits.webhook_body_bytes is 65536", "limits.record_max_bytes is 65536", "up to 16384"}},
    {"banner text",
     [](configuration& c) { c.limits.banner_text_bytes = 460'000; },
     {"limits.banner_text_bytes is 460000", "limits.record_max_bytes is 921600", "up to 113152"}},
    {"banner bytes",
     [](configuration& c) { c.limits.banner_bytes = 460'000; },
     {"limits.banner_bytes is 460000", "limits.record_max_bytes is 921600", "up to 452608"}},
    {"rows of results",
     [](configuration& c) { c.limits.results_endpoints = 6'000; },
     {"limits.results_endpoints is 6000", "limits.record_max_bytes is 921600", "up to 5760"}},
    {"certificate and record",
     [](configuration& c) { c.limits.certificate_bytes = 1'000'000; },
     {"limits.certificate_bytes is 1000000", "limits.record_max_bytes is 921600"}},
    {"certificate and handshake",
     [](configuration& c) { c.limits.handshake_bytes = 16'384; },
     {"limits.certificate_bytes is 65536", "limits.handshake_bytes is 16384", "up to 16384"}},
    {"a share of bodies",
     [](configuration& c) { c.limits.http_bodies_bytes = 1'000; },
     {"limits.http_body_share_bytes is 65536", "limits.http_bodies_bytes is 1000"}},
    {"a body",
     [](configuration& c) { c.limits.http_bodies_bytes = 100'000; },
     {"limits.http_body_bytes is 1048576", "limits.http_bodies_bytes together is 165536"}},
    {"records and what waits",
     [](configuration& c) {
       c.limits.record_max_bytes = 2U << 20U, c.limits.produce_pending_bytes = 1U << 20U;
     },
     {"limits.record_max_bytes is 2097152", "limits.produce_pending_bytes is 1048576",
      "up to 1032192"}},
    {"records and what is read",
     [](configuration& c) { c.limits.read_bytes = 65'536; },
     {"limits.record_max_bytes is 921600", "limits.read_bytes is 65536"}},
    {"records and what is fetched",
     [](configuration& c) {
       c.queue.backend = "kafka";
       c.limits.record_max_bytes = 2U << 20U;
       c.limits.fetch_ahead_bytes = 1U << 20U;
     },
     {"limits.record_max_bytes is 2097152", "limits.fetch_ahead_bytes is 1048576"}},
    {"records and librdkafka",
     [](configuration& c) {
       c.queue.backend = "kafka";
       for (auto* limit : {&c.limits.record_max_bytes, &c.limits.fetch_ahead_bytes,
                           &c.limits.read_bytes, &c.limits.produce_pending_bytes}) {
         *limit = 2'000'000'000;
       }
       c.limits.record_max_bytes = 1'000'000'000;
     },
     {"limits.record_max_bytes is 1000000000", "message.max.bytes is 1000000000"}},
    {"partitions and snapshots",
     [](configuration& c) {
       c.queue.backend = "kafka";
       c.queue.partitions = 5'000;
     },
     {"queue.partitions is 5000", "limits.record_max_bytes is 921600", "up to 1440"}},
    {"a message that is fetched",
     [](configuration& c) {
       c.queue.backend = "kafka";
       c.kafka["fetch.message.max.bytes"] = "500000";
     },
     {"limits.record_max_bytes is 921600", "kafka.fetch.message.max.bytes is 500000",
      "from 937984 up"}},
    {"an answer of a broker",
     [](configuration& c) {
       c.queue.backend = "kafka";
       c.kafka["receive.message.max.bytes"] = "1000000";
     },
     {"limits.fetch_ahead_bytes is 33554432", "kafka.receive.message.max.bytes is 1000000"}},
    {"a profile",
     [](configuration& c) {
       c.limits.record_max_bytes = 524'288;
       c.scan.profiles["odd"] = odd_ports(65'535);
     },
     {"scan.profiles.odd.ports is 1", "limits.record_max_bytes is 524288", "up to 131072 bytes"}},
};

}  // namespace

TEST_CASE("the defaults satisfy every rule") {
  configuration config;
  CHECK(check_limits(config));
  config.queue.backend = "kafka";
  CHECK(check_limits(config));
}

TEST_CASE("a violated rule is reported with both settings, their values, and what is accepted") {
  for (const auto& rule : broken_rules) {
    CAPTURE(rule.name);
    configuration config;
    rule.set(config);
    auto checked = check_limits(config);
    REQUIRE(!checked);
    auto why = checked.error().message();
    CAPTURE(why);
    for (const auto* part : rule.told)
      CHECK(why.find(part) != std::string::npos);
    CHECK(why.find("accepted is ") != std::string::npos);
  }
}

TEST_CASE("the values that a violated rule reports as accepted are accepted") {
  configuration config;
  config.limits.webhook_body_bytes = 444'416;
  config.limits.idempotency_body_bytes = 456'704;
  config.limits.banner_text_bytes = 113'152;
  config.limits.banner_bytes = 452'608;
  config.limits.results_endpoints = 5'760;
  CHECK(check_limits(config));
  config.limits.record_max_bytes = 65'536;
  config.limits.webhook_body_bytes = 16'384;
  config.limits.idempotency_body_bytes = 28'672;
  config.limits.banner_text_bytes = 6'144;
  config.limits.banner_bytes = 24'576;
  config.limits.results_endpoints = 409;
  CHECK(check_limits(config));
}

TEST_CASE("a configuration that violates a rule is not loaded") {
  auto loaded = load_configuration(
      std::nullopt, {{"SONDE_LIMITS_WEBHOOK_BODY_BYTES", "800000"}, {"HOME", "/root"}}, {});
  REQUIRE(!loaded);
  CHECK(loaded.error().message().find("limits.webhook_body_bytes is 800000") != std::string::npos);
}

}  // namespace sonde::daemon
