#include "tests/engine/scan_fixture.hpp"

namespace sonde::test {

limits short_limits() {
  limits out;
  out.connect_timeout_ms = 300;
  out.greeting_timeout_ms = 1'000;
  out.answer_timeout_ms = 400;
  out.conversation_timeout_ms = 5'000;
  out.dns_timeout_ms = 200;
  return out;
}

limits short_connects() {
  auto out = short_limits();
  out.connect_timeout_ms = 150;
  return out;
}

scanner::engine_settings test_settings() {
  scanner::engine_settings out;
  out.descriptors = 1024;
  out.user_agent = "Sonde/test (+https://sonde.example)";
  out.resolvers = {"127.0.0.1:1"};
  out.route_pause = std::chrono::milliseconds(50);
  return out;
}

scan_fixture::scan_fixture(executor loop, limits bounds, scanner::engine_settings settings)
    : loop_(loop),
      bounds_(bounds),
      engine_(loop, settings, test_rules(), {bounds_, time_, log_}),
      scans_(loop, log_, "scans") {
  engine_.start();
}

loopback_server& scan_fixture::serve(behaviour how, const std::string& address) {
  servers_.push_back(std::make_unique<loopback_server>(loop_, address, std::move(how)));
  return *servers_.back();
}

scanner::address_job scan_fixture::job(const std::string& address, const std::string& ports) {
  scanner::address_job out;
  out.task = model::task_id("task-" + std::to_string(++tasks_));
  out.address = model::ip_address::parse(address).value();
  out.host = model::target::of(out.address);
  out.ports = model::port_set::parse(ports).value();
  out.deadline = time_.steady_now() + std::chrono::seconds(50);
  out.budget = std::make_shared<scanner::scan_budget>(bounds_);
  return out;
}

awaitable<scanner::address_report> scan_fixture::scan(std::string address, std::string ports) {
  return engine_.scan(job(address, ports));
}

void scan_fixture::begin(scanner::address_job job, std::optional<scanner::address_report>& report) {
  auto run = [](scanner::engine& engine, scanner::address_job what,
                std::optional<scanner::address_report>& into) -> awaitable<void> {
    auto done = co_await engine.scan(std::move(what));
    into.emplace(std::move(done));
  };
  scans_.spawn(run(engine_, std::move(job), report));
}

awaitable<void> scan_fixture::finished() {
  return scans_.join();
}

awaitable<void> scan_fixture::stop() {
  co_await engine_.stop();
  co_await scans_.join();
  for (auto& server : servers_)
    co_await server->stop();
}

void with_engine(const std::function<awaitable<void>(scan_fixture&)>& body, limits bounds,
                 scanner::engine_settings settings) {
  auto whole = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scan_fixture fixture(loop, bounds, settings);
    std::exception_ptr thrown;
    try {
      co_await body(fixture);
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await fixture.stop();
    if (thrown) std::rethrow_exception(thrown);
  };
  run(whole());
}

model::endpoint_observation endpoint_of(const scanner::address_report& report, std::uint16_t port) {
  for (const auto& endpoint : report.observed.endpoints) {
    if (endpoint.port == port) return endpoint;
  }
  return {};
}

std::string open_ports(const scanner::address_report& report) {
  std::string out;
  for (const auto& endpoint : report.observed.endpoints)
    out += (out.empty() ? "" : ",") + std::to_string(endpoint.port);
  return out;
}

std::string outcome_of(const scanner::address_report& report) {
  return report.observed.how ? std::string(name_of(report.observed.how->kind)) : "";
}

}  // namespace sonde::test
