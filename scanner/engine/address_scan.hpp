#pragma once

#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
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

/// A part of what was seen on an address. `observed.how` is empty.
struct found_part {
  model::address_observation observed;
  std::vector<model::certificate_pointer> certificates;
};

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
  std::shared_ptr<scan_budget> budget;  ///< of the whole scan; its own where there is none

  /// Takes what was found while the scan goes on, so that it need not be held until its end.
  /// Called on the engine's loop, and not again before the other function was called, which may
  /// be done on any loop. Without it everything stands in the report.
  std::function<void(found_part, std::function<void()> published)> found;
  /// With so much found and not published yet no other port is talked to.
  std::size_t unpublished_bytes = 0;
};

/// How it went, and what was found and not handed over before. `how` is empty where it was
/// cancelled: then `cursor` says how far it came.
struct address_report {
  model::address_observation observed;
  std::vector<model::certificate_pointer> certificates;
  model::task_progress progress;
  model::sweep_cursor cursor;
  bool local_trouble = false;  ///< this machine could not do it; nothing is said of the target
};

class address_scan;

/// What an address scan needs of whoever drives it. Outlives every scan.
class scan_driver {
 public:
  using scan_pointer = std::shared_ptr<address_scan>;

  [[nodiscard]] virtual std::shared_ptr<const policy> rules() const = 0;
  /// Room for one more probe of a scan that has so many in flight.
  [[nodiscard]] virtual bool has_room(std::size_t in_flight) const = 0;
  /// It has something to send.
  virtual void wake(const scan_pointer& scan) = 0;
  /// Room for one more conversation, which is taken if so.
  [[nodiscard]] virtual bool begin_talk() = 0;
  /// There was none: `talk_to_next` will be called in turn.
  virtual void wait_to_talk(const scan_pointer& scan) = 0;
  virtual void talk_ended() = 0;

 protected:
  ~scan_driver() = default;
};

/// The scan of one address: its sweep, and the conversations with what it finds open.
///
/// Driven by its engine: `pump` sends probes while there is room, the connector tells what became
/// of them. Shared by the engine, its conversations and whoever waits for the end. Lives on the
/// engine's loop.
class address_scan final : public dial_listener, public std::enable_shared_from_this<address_scan> {
 public:
  address_scan(address_job job, rate_table::lease rate, connector& connect,
               conversation_tools& tools, scan_driver& driver, logger& log);
  ~address_scan() override;

  /// When to be asked again to send.
  struct next_turn {
    enum class kind {
      at_once,
      later,     ///< at a moment
      on_room,   ///< when the connector has some
      on_event,  ///< not before it wakes its driver
    } what = kind::on_event;
    steady_time at{};
  };
  /// Sends at most `most` probes.
  [[nodiscard]] next_turn pump(int most);
  /// The rules have changed: judge again.
  void rejudge();
  /// Open ports wait to be talked to, and this scan's own bound allows it.
  [[nodiscard]] bool wants_to_talk() const;
  /// The driver has room for one conversation, which is this one's now. Only if it wants to.
  void talk_to_next();
  /// Ends the sweep and the conversations.
  void abort(error why);

  [[nodiscard]] bool over() const;
  [[nodiscard]] const address_job& job() const { return job_; }
  /// Returns when it is over, or at the deadline, having told the progress meanwhile. No
  /// conversation is left then.
  awaitable<address_report> wait();
  awaitable<void> conversations_ended() { return talks_.join(); }

  void dialed(std::uint64_t token, dial_outcome outcome) override;

  /// Of its driver's queues it stands in these.
  struct standing {
    bool to_send = false;
    bool to_talk = false;
  };
  [[nodiscard]] standing& stands() { return stands_; }

 private:
  struct open_port {
    std::uint16_t port;
    std::chrono::microseconds rtt;
  };
  class talk_count;

  void take(const probe& probe, dial_outcome outcome);
  void take_local_trouble(const dial_outcome& outcome);
  void give_up_trying(const dial_outcome& outcome, const std::string& why);
  void found_open(open_port found, unique_socket socket);
  void talk(open_port with, unique_socket socket);
  awaitable<void> hold_conversation(std::shared_ptr<address_scan> self, open_port with,
                                    unique_socket socket);
  void keep(conversation_result result);
  /// Hands over what was found, where there is much of it or it is old.
  void hand_over_found();
  void found_published();
  [[nodiscard]] bool holds_too_much() const;
  void add_untold();
  [[nodiscard]] result<> may_dial() const;
  [[nodiscard]] model::task_progress progress() const;
  [[nodiscard]] address_report report();
  [[nodiscard]] std::optional<model::outcome> judge() const;
  [[nodiscard]] steady_time now() const { return tools_.time.steady_now(); }

  address_job job_;
  rate_table::lease rate_;
  connector& connect_;
  conversation_tools& tools_;
  scan_driver& driver_;
  sweep sweep_;
  standing stands_;

  std::optional<steady_time> turn_;  ///< to send one probe, from this moment on
  steady_time paused_until_{};
  std::optional<steady_time> trouble_since_;  ///< and nothing else since then
  int no_route_ = 0;
  error aborted_;
  bool local_trouble_ = false;

  std::deque<open_port> to_talk_to_;
  std::uint32_t talking_ = 0;
  std::vector<model::endpoint_observation> endpoints_;  ///< not handed over yet
  std::vector<model::certificate_pointer> certificates_;
  known_certificates certificates_kept_;
  std::size_t held_bytes_ = 0;         ///< of both, about
  std::size_t handed_over_bytes_ = 0;  ///< not published yet
  steady_time held_since_{};
  std::set<std::uint16_t> told_;  ///< ports whose conversation has ended
  std::uint32_t resets_ = 0;
  condition news_;
  task_group talks_;
};

}  // namespace sonde::scanner
