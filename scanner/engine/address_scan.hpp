#pragma once

#include "base/async/condition.hpp"
#include "model/observation.hpp"
#include "scanner/engine/conversation.hpp"
#include "scanner/engine/sweep.hpp"
#include "scanner/policy.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <vector>

namespace sonde::scanner {

/// What one address's part of a scan is about.
struct address_job {
  model::task_id task;
  model::target host;  ///< under which the address is scanned
  model::ip_address address;
  model::port_set ports;
  model::sweep_cursor from;  ///< where a former run stopped
  steady_time deadline{};
  /// Called on the engine's loop, at most once a second.
  std::function<void(const model::task_progress&, const model::sweep_cursor&)> progress;
};

/// How it went. `how` is empty where it was cancelled: then `cursor` says how far it came.
struct address_report {
  model::address_observation observed;
  std::vector<std::shared_ptr<const model::certificate_observation>> certificates;
  model::task_progress progress;
  model::sweep_cursor cursor;
  bool local_trouble = false;  ///< this machine could not do it; nothing is said of the target
};

/// The scan of one address: its sweep, and the conversations with what it finds open.
///
/// Driven by its engine: `pump` sends probes while there is room, the connector tells what became
/// of them. Shared by the engine, its conversations and whoever waits for the end. Lives on the
/// engine's loop.
class address_scan final : public dial_listener, public std::enable_shared_from_this<address_scan> {
 public:
  /// What it needs of its engine.
  struct surroundings {
    connector& connect;
    conversation_tools& tools;
    std::function<std::shared_ptr<const policy>()> rules;
    std::function<void(const std::shared_ptr<address_scan>&)> wake;  ///< it has something to send
    std::function<bool()> may_talk;    ///< room for one more conversation on this loop
    std::function<void(int)> talking;  ///< one more, or one less
  };

  address_scan(address_job job, rate_table::lease rate, surroundings around);
  ~address_scan() override;

  /// When to be asked again to send: now, at a moment, or not before something happens.
  struct next_turn {
    enum class kind { at_once, later, on_event } what = kind::on_event;
    steady_time at{};
  };
  /// Sends at most `most` probes.
  [[nodiscard]] next_turn pump(int most);
  /// The rules have changed: judge again.
  void rejudge();
  /// A conversation elsewhere on this loop has ended.
  void room_to_talk();
  void abort(error why);

  [[nodiscard]] bool over() const;
  [[nodiscard]] const address_job& job() const { return job_; }
  /// Returns when it is over, or at the deadline, having told the progress meanwhile.
  awaitable<address_report> wait();

  void dialed(std::uint64_t token, dial_outcome outcome) override;

 private:
  void take(const probe& probe, dial_outcome outcome);
  void take_local_trouble(const dial_outcome& outcome);
  void found_open(std::uint16_t port, unique_socket socket, std::chrono::microseconds rtt);
  void begin_conversations();
  awaitable<void> hold_conversation(std::shared_ptr<address_scan> self, std::uint16_t port,
                                    unique_socket socket, std::chrono::microseconds rtt);
  void keep(conversation_result result);
  [[nodiscard]] result<> may_dial() const;
  [[nodiscard]] model::task_progress progress() const;
  [[nodiscard]] address_report report();
  [[nodiscard]] std::optional<model::outcome> judge() const;

  struct waiting_port {
    std::uint16_t port;
    unique_socket socket;
    std::chrono::microseconds rtt;
  };

  address_job job_;
  rate_table::lease rate_;
  surroundings around_;
  sweep sweep_;
  steady_time paused_until_{};
  int no_route_ = 0;
  error aborted_;
  bool local_trouble_ = false;

  std::deque<waiting_port> to_talk_to_;
  int talking_ = 0;
  std::vector<model::endpoint_observation> endpoints_;
  std::vector<std::shared_ptr<const model::certificate_observation>> certificates_;
  std::set<std::string> certificates_kept_;
  std::uint32_t resets_ = 0;
  condition news_;
};

}  // namespace sonde::scanner
