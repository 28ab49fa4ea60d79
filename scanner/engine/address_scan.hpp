#pragma once

#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
#include "model/scan/observation.hpp"
#include "scanner/engine/conversation.hpp"
#include "scanner/engine/sweep.hpp"
#include "scanner/policy.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <vector>

namespace sonde::scanner {

/// A part of the findings on an address. `observed.how` is empty.
struct found_part {
  model::address_observation observed;
  std::vector<model::certificate_pointer> certificates;
};

/// One address's part of a scan.
struct address_job {
  model::task_id task;
  model::target host;  ///< the host that the address is scanned for
  model::ip_address address;
  model::port_set ports;
  model::sweep_cursor from;            ///< resume position of an earlier run
  std::optional<depth> how_deep = {};  ///< absent: that of the engine
  steady_time deadline{};
  /// Called on the engine's loop, at most once a second.
  std::function<void(const model::task_progress&, const model::sweep_cursor&)> progress;
  /// The budget of the whole scan. If null, the address has its own with the default limits.
  std::shared_ptr<scan_budget> budget;

  /// Takes findings while the scan runs, so that they are not held until its end. Called on the
  /// engine's loop, and not again before `published` was called, which may be done on any loop.
  /// Without it all findings are in the report.
  std::function<void(found_part, std::function<void()> published)> found;
  /// No other conversation starts while more than this many bytes of findings are unpublished.
  std::size_t unpublished_bytes = 0;
};

/// The result, with the findings that were not passed on before. `how` is empty after a
/// cancellation: `cursor` then contains the resume position.
struct address_report {
  model::address_observation observed;
  std::vector<model::certificate_pointer> certificates;
  model::task_progress progress;
  model::sweep_cursor cursor;
  bool local_error = false;  ///< an error of this machine; no statement about the target
};

class address_scan;

/// The interface of an address scan to its engine. Outlives every scan.
class scan_driver {
 public:
  using scan_pointer = std::shared_ptr<address_scan>;

  [[nodiscard]] virtual std::shared_ptr<const policy> rules() const = 0;
  /// Tells whether a scan with `in_flight` probes in flight may send one more.
  [[nodiscard]] virtual bool has_room(std::size_t in_flight) const = 0;
  /// Reports that the scan has a probe to send.
  virtual void wake(const scan_pointer& scan) = 0;
  /// Reserves a conversation of at most this many connections. Returns false if there is no room.
  [[nodiscard]] virtual bool begin_conversation(std::size_t connections) = 0;
  /// Queues the scan after a failed reservation: `start_next_conversation` is called in turn.
  virtual void wait_for_conversation(const scan_pointer& scan) = 0;
  virtual void conversation_ended(std::size_t connections) = 0;

 protected:
  ~scan_driver() = default;
};

/// The scan of one address: its sweep and the conversations with its open ports.
///
/// Driven by its engine: `pump` sends probes while there is room, and the connector reports their
/// outcomes. Shared by the engine, its conversations and the waiting caller. Lives on the engine's
/// loop.
class address_scan final : public dial_listener, public std::enable_shared_from_this<address_scan> {
 public:
  address_scan(address_job job, rate_table::lease rate, connector& connect,
               conversation_tools& tools, scan_driver& driver);
  ~address_scan() override;

  /// When to call `pump` again.
  struct next_turn {
    enum class kind {
      at_once,
      later,     ///< at the time `at`
      on_room,   ///< when the connector has room
      on_event,  ///< not before it wakes its driver
    } what = kind::on_event;
    steady_time at{};
  };
  /// Sends at most `most` probes.
  [[nodiscard]] next_turn pump(int most);
  /// Checks the address again after a change of the policy.
  void check_policy();
  /// Tells whether open ports wait for a conversation and this scan's own limit allows one.
  [[nodiscard]] bool wants_conversation() const;
  /// Returns the largest number of connections of one conversation.
  [[nodiscard]] std::size_t conversation_connections() const;
  /// Starts a conversation in the reserved place. Call only if `wants_conversation`.
  void start_next_conversation();
  /// Ends the sweep and the conversations.
  void abort(error why);

  [[nodiscard]] bool over() const;
  [[nodiscard]] const address_job& job() const { return job_; }
  /// Returns when the scan is over, or at the deadline; reports progress until then. All
  /// conversations have ended then.
  awaitable<address_report> wait();
  awaitable<void> conversations_ended() { return conversations_.join(); }

  void dialed(std::uint64_t token, dial_outcome outcome) override;

  /// The queues of its driver that contain it.
  struct driver_queues {
    bool to_send = false;
    bool conversation = false;
  };
  [[nodiscard]] driver_queues& queues() { return queues_; }

 private:
  struct open_port {
    std::uint16_t port;
    std::chrono::microseconds rtt;
    unique_socket socket;  ///< the sweep's; none if it was closed
  };
  class talk_count;

  void take(const probe& probe, dial_outcome outcome);
  void take_local_error(const dial_outcome& outcome);
  void give_up_trying(const dial_outcome& outcome, const std::string& why);
  void found_open(open_port found);
  void start_conversation(open_port with);
  awaitable<void> hold_conversation(std::shared_ptr<address_scan> self, open_port with);
  void keep(conversation_result result);
  /// Passes findings on if there are many of them or they are old.
  void hand_over_found();
  void found_published();
  [[nodiscard]] bool holds_too_much() const;
  void add_untold();
  [[nodiscard]] result<> may_dial() const;
  [[nodiscard]] model::task_progress progress() const;
  [[nodiscard]] address_report report();
  [[nodiscard]] std::optional<model::outcome> outcome_so_far() const;
  [[nodiscard]] steady_time now() const { return tools_.time.steady_now(); }

  address_job job_;
  rate_table::lease rate_;
  connector& connect_;
  conversation_tools& tools_;
  scan_driver& driver_;
  sweep sweep_;
  driver_queues queues_;

  std::optional<steady_time> turn_;  ///< its turn to send one probe, from this time on
  steady_time paused_until_{};
  /// Time of the first of the local errors since the last other outcome.
  std::optional<steady_time> errors_since_;
  int no_route_ = 0;
  error aborted_;
  bool local_error_ = false;

  std::deque<open_port> waiting_ports_;
  std::uint32_t conversing_ = 0;
  std::vector<model::endpoint_observation> endpoints_;  ///< not passed on yet
  std::vector<model::certificate_pointer> certificates_;
  known_certificates certificates_kept_;
  std::size_t held_bytes_ = 0;         ///< approximate size of both
  std::size_t handed_over_bytes_ = 0;  ///< not published yet
  steady_time held_since_{};
  std::set<std::uint16_t> told_;  ///< ports whose conversation has ended
  std::uint32_t resets_ = 0;
  condition news_;
  task_group conversations_;
};

}  // namespace sonde::scanner
