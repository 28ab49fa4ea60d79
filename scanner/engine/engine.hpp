#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "scanner/engine/address_scan.hpp"
#include "scanner/engine/engine_limits.hpp"
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
  depth how_deep = depth::standard;
  bool industrial = false;                                ///< see `conversation_tools`
  std::shared_ptr<const recog_database> recog = nullptr;  ///< the operator's fingerprints, or none
  std::chrono::milliseconds route_pause{1'000};           ///< see `conversation_tools`
};

/// The parts of the process that an engine uses. The references outlive it.
struct engine_context {
  const engine_limits& bounds;
  const clock& time;
  logger& log;
};

/// Contains everything that probes on one thread: sockets, a resolver, an OpenSSL library context,
/// rates, and a share of the descriptor budget. Engines share nothing; each address belongs to one
/// of them.
///
/// The sweeps take turns, so that a long one does not delay a short one: a part of the slots is
/// reserved for sweeps with few probes in flight, and conversations start in the order in which
/// scans requested them. Call all functions on the engine's loop, except the constructor.
class engine final : private scan_driver {
 public:
  engine(executor loop, const engine_settings& settings, std::shared_ptr<const policy> rules,
         const engine_context& context);
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  void start();
  /// Cancels all operations and returns when all of them have ended, including the callers of
  /// `scan` and `resolve`. Later operations are cancelled immediately. Idempotent.
  awaitable<void> stop();

  [[nodiscard]] const executor& loop() const { return loop_; }
  /// Scans one address. Ends by its deadline; earlier when it is cancelled.
  awaitable<address_report> scan(address_job job);
  awaitable<result<std::vector<model::ip_address>>> resolve(std::string name);
  /// Ends the address scans of a task, as `errc::cancelled`.
  void cancel(const model::task_id& task);
  void set_policy(std::shared_ptr<const policy> rules);
  /// Sets the number of processes that share the rates, including this one.
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
  [[nodiscard]] bool begin_conversation(std::size_t connections) override;
  void wait_for_conversation(const scan_pointer& scan) override;
  void conversation_ended(std::size_t connections) override;
  [[nodiscard]] bool has_room_for(std::size_t connections) const;

  void room_made();
  void pump();
  void post_pump();
  void wake_at(steady_time at);
  void on_wake();
  void start_conversations();
  [[nodiscard]] bool is_quiet() const;
  /// Keeps a scan whose caller is gone until its conversations have ended.
  awaitable<void> drain(scan_pointer scan);
  void forget(const scan_pointer& scan);

  executor loop_;
  const clock& clock_;
  logger& log_;
  std::shared_ptr<const policy> rules_;
  std::size_t most_conversing_;  ///< connections of all conversations together
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
  asio::steady_timer wake_timer_;
  steady_time wakes_at_ = steady_time::max();
  bool pump_posted_ = false;

  std::deque<std::weak_ptr<address_scan>>
      waiting_scans_;           ///< scans with waiting open ports, in turn
  std::size_t conversing_ = 0;  ///< connections reserved for conversations
  bool start_posted_ = false;

  std::size_t resolving_ = 0;
  bool stopping_ = false;
  condition something_ended_;
  /// Expires with this object; posted handlers check it.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace sonde::scanner
