// Runs the engine alone on one address. `epoll_sweep` is its baseline.
//
// engine_sweep ADDRESS PORTS DESCRIPTORS
//
// No rate limits apply: the address is the operator's own. The engine has its usual conversation
// with each open port. Prints one JSON object.

#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "model/text/json.hpp"
#include "scanner/engine/engine.hpp"

#include <boost/asio/use_future.hpp>

#include <iostream>
#include <string>

namespace sonde::bench {
namespace {

constexpr std::chrono::minutes longest{5};

std::shared_ptr<const scanner::policy> rules_for(const std::string& address) {
  model::scope_rules rules;
  rules.allow = {address};
  rules.own = {address};
  return std::make_shared<scanner::policy>(model::address_scope::from_rules(rules).value(),
                                           std::set<model::ip_address>{});
}

scanner::address_job job_of(const std::string& address, const std::string& ports,
                            const clock& time) {
  scanner::address_job out;
  out.task = model::task_id("bench");
  out.address = model::ip_address::parse(address).value();
  out.host = model::target::of(out.address);
  out.ports = model::port_set::parse(ports).value();
  out.deadline = time.steady_now() + longest;
  return out;
}

int sweep(const std::string& address, const std::string& ports, std::size_t descriptors) {
  system_clock time;
  logger log(log_level::error);
  scanner::engine_limits bounds;
  scanner::engine_settings settings;
  settings.descriptors = descriptors;
  settings.resolvers = {"127.0.0.1:1"};
  event_loop loop("scan");
  scanner::engine engine(loop.get_executor(), settings, rules_for(address), {bounds, time, log});
  auto whole = [&]() -> awaitable<scanner::address_report> {
    engine.start();
    auto report = co_await engine.scan(job_of(address, ports, time));
    co_await engine.stop();
    co_return report;
  };
  auto begun = time.steady_now();
  auto ended = asio::co_spawn(loop.get_executor(), whole, asio::use_future);
  loop.start();
  auto report = ended.get();
  std::chrono::duration<double> seconds = time.steady_now() - begun;
  loop.join();
  model::json open = model::json::array();
  for (const auto& endpoint : report.observed.endpoints)
    open.push_back(endpoint.port);
  model::json line = {{"seconds", seconds.count()},
                      {"open", open},
                      {"outcome", report.observed.how->reason},
                      {"asked", report.progress.done}};
  std::cout << line.dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace sonde::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: engine_sweep ADDRESS PORTS DESCRIPTORS\n";
    return 64;
  }
  return sonde::bench::sweep(argv[1], argv[2], std::stoul(argv[3]));
}
