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
/// The sweeps take turns, so that a long one holds up no short one: a part of the slots is kept for
/// sweeps that have little in flight, and conversations begin in the order in which scans asked for
/// them. All functions are called on the engine's loop, but for the constructor.
class engine final : private scan_driver {
 public:
  engine(executor loop, const engine_settings& settings, std::shared_ptr<const policy> rules,
         const limits& limits, const clock& clock, logger& log);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  void start();
  /// Cancels what is under way, and returns when all of it has ended, the callers of `scan` and
  /// `resolve` included. What is asked afterwards is cancelled at once. Idempotent.
  awaitable<void> stop();

  [[nodiscard]] const executor& loop() const { return loop_; }
  /// Scans one address. Ends by its deadline; earlier when it is cancelled.
  awaitable<address_report> scan(address_job job);
  awaitable<result<std::vector<model::ip_address>>> resolve(std::string name);
  /// Ends the address scans of a task, as `errc::cancelled`.
  void cancel(const model::task_id& task);
  void set_policy(std::shared_ptr<const policy> rules);
  /// So many processes share the rates, this one included.
  void share_rates(std::size_t processes);
  void set_rates(const rate_settings& rates);
  /// Changes the `User-Agent` of later requests.
  void set_user_agent(std::string user_agent) { tools_.user_agent = std::move(user_agent); }

 private:
  class resolving;
  class running_scan;

  [[nodiscard]] std::shared_ptr<const policy> rules() const override { return rules_; }
  [[nodiscard]] bool has_room(std::size_t in_flight) const override;
  void wake(const scan_pointer& scan) override;
  [[nodiscard]] bool begin_talk() override;
  void wait_to_talk(const scan_pointer& scan) override;
  void talk_ended() override;

  void room_made();
  void pump();
  void post_pump();
  void set_alarm(steady_time at);
  void on_alarm();
  void serve_talkers();
  [[nodiscard]] bool is_quiet() const;
  /// Holds a scan that nobody waits for any more until its conversations are over.
  awaitable<void> see_off(scan_pointer scan);
  void forget(const scan_pointer& scan);

  executor loop_;
  const clock& clock_;
  logger& log_;
  std::shared_ptr<const policy> rules_;
  std::size_t most_talks_;
  tls::library openssl_;
  certificate_cache certificates_;
  rate_table rates_;
  connector connect_;
  dialer dial_;
  resolver resolve_;
  task_group background_;
  conversation_tools tools_;

  std::vector<scan_pointer> active_;
  std::deque<scan_pointer> to_send_;   ///< scans with something to send, in turn
  std::vector<scan_pointer> starved_;  ///< the same, but there was no room
  std::multimap<steady_time, std::weak_ptr<address_scan>> later_;
  asio::steady_timer alarm_;
  steady_time alarm_at_ = steady_time::max();
  bool pump_posted_ = false;

  std::deque<std::weak_ptr<address_scan>> to_talk_;  ///< scans with open ports that wait, in turn
  std::size_t talking_ = 0;
  bool talkers_posted_ = false;

  std::size_t resolving_ = 0;
  bool stopping_ = false;
  condition something_ended_;
  /// What is posted looks whether this is still there.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace sonde::scanner
