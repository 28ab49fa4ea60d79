#pragma once

#include "scanner/engine/engine.hpp"
#include "tests/engine/loopback_server.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/limits.hpp"
#include "tests/support/run.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sonde::test {

/// Limits that keep a test short.
[[nodiscard]] limits short_limits();
/// The same with a short wait for each connection, for tests of silent ports.
[[nodiscard]] limits short_connects();

[[nodiscard]] scanner::engine_settings test_settings();

/// An engine on the loop of the test, and the servers that it scans.
class scan_fixture {
 public:
  explicit scan_fixture(executor loop, limits bounds = short_limits(),
                        scanner::engine_settings settings = test_settings());

  /// Starts a server that the fixture stops. A server without an address gets a separate one.
  loopback_server& serve(behaviour how, const std::string& address = "127.77.0.1");
  [[nodiscard]] scanner::address_job job(const std::string& address, const std::string& ports);
  awaitable<scanner::address_report> scan(std::string address, std::string ports);
  /// Starts a scan. Its report is set when `finished` has returned.
  void begin(scanner::address_job job, std::optional<scanner::address_report>& report);
  awaitable<void> finished();

  awaitable<void> stop();

  [[nodiscard]] scanner::engine& engine() { return engine_; }
  [[nodiscard]] const clock& time() const { return time_; }
  [[nodiscard]] const executor& loop() const { return loop_; }

 private:
  executor loop_;
  limits bounds_;
  system_clock time_;
  logger log_{log_level::error};
  scanner::engine engine_;
  std::vector<std::unique_ptr<loopback_server>> servers_;
  task_group scans_;
  int tasks_ = 0;
};

/// Runs a test that scans, and stops everything at its end, also after a failure.
void with_engine(const std::function<awaitable<void>(scan_fixture&)>& body,
                 limits bounds = short_limits(),
                 scanner::engine_settings settings = test_settings());

/// The endpoint of this port, or an empty one if the report has none.
[[nodiscard]] model::endpoint_observation endpoint_of(const scanner::address_report& report,
                                                      std::uint16_t port);
/// The open ports as text: `80,443`.
[[nodiscard]] std::string open_ports(const scanner::address_report& report);
[[nodiscard]] std::string outcome_of(const scanner::address_report& report);

}  // namespace sonde::test
