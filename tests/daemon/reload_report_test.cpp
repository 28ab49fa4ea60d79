#include "daemon/reload_report.hpp"

#include "tests/support/doctest.hpp"

#include <algorithm>

namespace sonde::daemon {

namespace {

using setting_names = std::vector<std::string>;

}  // namespace

TEST_CASE("a reload reports which settings it applies and which need a restart") {
  configuration running;
  auto read = running;
  CHECK(compare(running, read).taken_over.empty());
  CHECK(compare(running, read).need_restart.empty());
  read.scope.deny = {"10.0.0.0/8"};
  read.log.level = "debug";
  read.log.audit = true;
  read.scan.rate_per_address = 10;
  read.scan.contact = "soc@sonde.example";
  read.webhook.allow = {"127.0.0.1"};
  read.webhook.retry_s = {"0", "5"};
  read.http.server_names = {"sonde.example"};
  read.limits.requests_per_user_per_s += 1;
  read.limits.running_tasks += 1;
  read.scan.profiles["web"] = "80,443";
  read.kafka["acks"] = "all";
  auto report = compare(running, read);
  std::ranges::sort(report.taken_over);
  CHECK(report.taken_over == setting_names{"http.server_names", "limits.requests_per_user_per_s",
                                           "log.audit", "log.level", "scan.contact",
                                           "scan.rate_per_address", "scope.deny", "webhook.allow",
                                           "webhook.retry_s"});
  CHECK(report.need_restart == setting_names{"limits.running_tasks", "kafka", "scan.profiles"});
}

TEST_CASE("another depth of a profile needs a restart") {
  configuration running;
  running.scan.profiles["web"] = "80,443";
  auto read = running;
  read.scan.profile_depths["web"] = "deep";
  CHECK(compare(running, read).need_restart == setting_names{"scan.profiles"});
}

TEST_CASE("settings that need a restart are reported at each reload until the restart") {
  configuration running;
  auto read = running;
  read.log.level = "debug";
  read.drain_s = 99;
  auto merged = taken_over(running, read);
  CHECK(merged.log.level == "debug");
  CHECK(merged.drain_s == running.drain_s);
  auto again = compare(merged, read);
  CHECK(again.taken_over.empty());
  CHECK(again.need_restart == setting_names{"drain_s"});
}

TEST_CASE("webhook retries never exceed the time that the running queue retains their messages") {
  configuration running;
  auto read = running;
  read.webhook.retry_s = {"0", "5184000"};
  read.topics["webhook.requests"].time = std::chrono::days(90);
  auto report = compare(running, read);
  CHECK(report.taken_over.empty());
  CHECK(report.need_restart.size() == 2);
  read.webhook.retry_s = {"0", "60"};
  CHECK(compare(running, read).taken_over == setting_names{"webhook.retry_s"});
}

TEST_CASE("a reload renews TLS certificates, but neither enables nor disables TLS") {
  configuration running;
  auto read = running;
  read.http.tls_certificate = "/a";
  read.http.tls_key = "/b";
  CHECK(compare(running, read).taken_over.empty());
  CHECK(compare(running, read).need_restart.size() == 2);
  auto renewed = read;
  renewed.http.tls_certificate = "/c";
  CHECK(compare(read, renewed).taken_over == setting_names{"http.tls_certificate"});
}

}  // namespace sonde::daemon
