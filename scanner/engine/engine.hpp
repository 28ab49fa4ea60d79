#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "scanner/engine/address_scan.hpp"
#include "scanner/resolver/resolver.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace sonde::scanner {

struct engine_settings {
  std::size_t descriptors = 1024;  ///< this engine's share of the process's budget
  rate_settings rates;
  std::vector<std::string> resolvers;
  std::string user_agent;
};

/// Everything that probes, on one thread: sockets, a resolver, an OpenSSL library context, rates,
/// and a share of the descriptor budget. Engines share nothing; an address belongs to one of them.
///
/// The sweeps take turns, so that a long one holds up no short one. All functions are called on
/// the engine's loop, but for the constructor.
class engine {
 public:
  engine(executor loop, const engine_settings& settings, std::shared_ptr<const policy> rules,
         const limits& limits, const clock& clock, logger& log);
  ~engine();

  void start();
  /// Cancels what is under way and waits for its end.
  awaitable<void> stop();

  [[nodiscard]] const executor& loop() const { return loop_; }
  /// Scans one address. Ends by its deadline; earlier when it is cancelled.
  awaitable<address_report> scan(address_job job);
  awaitable<result<std::vector<model::ip_address>>> resolve(std::string name);
  /// Ends the address scans of a task, as `errc::cancelled`.
  void cancel(const model::task_id& task);
  void set_policy(std::shared_ptr<const policy> rules);

 private:
  void pump();
  void post_pump();
  void set_alarm(steady_time at);
  void wake(const std::shared_ptr<address_scan>& scan);
  void conversations_changed(int by);

  using scan_pointer = std::shared_ptr<address_scan>;

  executor loop_;
  const limits& limits_;
  const clock& clock_;
  std::shared_ptr<const policy> rules_;
  std::size_t most_conversations_;
  tls::library openssl_;
  certificate_cache certificates_;
  rate_table rates_;
  connector connect_;
  dialer dial_;
  resolver resolve_;
  task_group conversations_;
  conversation_tools tools_;

  std::vector<scan_pointer> active_;
  std::deque<scan_pointer> ready_;
  std::unordered_set<const address_scan*> in_ready_;
  std::multimap<steady_time, std::weak_ptr<address_scan>> later_;
  asio::steady_timer alarm_;
  steady_time alarm_at_ = steady_time::max();
  bool pump_posted_ = false;
  std::size_t talking_ = 0;
};

}  // namespace sonde::scanner
