#pragma once

#include "model/net/port_set.hpp"
#include "model/scan/scan_task.hpp"
#include "scanner/engine/permutation.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace sonde::scanner {

/// The outcome of one probe.
enum class verdict {
  open,         ///< the handshake was completed
  closed,       ///< refused: final
  silent,       ///< no response
  unreachable,  ///< an ICMP error; as inconclusive as silence
  local,        ///< error of this machine: no verdict, to be probed again
};

struct probe {
  std::uint16_t port = 0;
  std::uint32_t place = 0;  ///< in the order of the first pass; none for a canary
  enum class purpose { first, again, canary } why = purpose::first;
};

/// The state of an address as its ports show it.
enum class host_state {
  unknown,
  answering,  ///< some port is open or closed
  silent,     ///< no port responded
  tarpit,     ///< accepts a connection on every port
};

/// The sweep of one address, without the network: selects the next port to probe and evaluates the
/// responses.
///
/// Ports come in pseudo-random order. A refusal is final. A silent port is probed once more if the
/// host has responded on any port; if the host has never responded, only a sample is. A host that
/// accepts nearly everything is probed with canaries, ports without a listener; if it accepts those
/// too, it is a tarpit and the sweep is over. Less than four ports give no such suspicion. Lives on
/// one thread; not thread-safe.
class sweep {
 public:
  /// `seed` determines the order, so that another process can resume the sweep.
  sweep(model::port_set ports, std::uint64_t seed, const model::sweep_cursor& from = {});

  /// Returns the next port to probe. Returns nothing if it has to wait for responses or is
  /// finished.
  [[nodiscard]] std::optional<probe> next();
  /// Reports the outcome of a probe that `next` returned. Returns true if a conversation with the
  /// port should follow.
  bool report(const probe& probe, verdict what);

  [[nodiscard]] bool finished() const;
  [[nodiscard]] host_state host() const;
  /// Tells whether the tarpit check is unfinished: until then the state of its ports is worthless.
  [[nodiscard]] bool may_be_tarpit() const;
  /// Ports known to be open, in the order found; empty for a tarpit.
  [[nodiscard]] const std::vector<std::uint16_t>& open() const { return open_; }
  [[nodiscard]] std::uint32_t planned() const { return ports_.size(); }
  /// The number of ports probed for the first time, with or without a response.
  [[nodiscard]] std::uint32_t done() const { return done_; }
  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_; }
  /// Returns the resume position for another process, which probes ports in flight again.
  [[nodiscard]] model::sweep_cursor cursor() const;
  /// Tells whether the last response to an `again` probe shows that the first probe was lost.
  [[nodiscard]] bool last_was_loss() const { return last_was_loss_; }

 private:
  void take_over(const model::sweep_cursor& from);
  [[nodiscard]] std::optional<std::uint32_t> place_of(std::uint16_t port) const;
  void begin_second_pass();
  void widen_second_pass();
  [[nodiscard]] std::optional<probe> next_of_second_pass();
  void give_back(const probe& asked);
  bool report_canary(verdict what);
  void settle(std::uint32_t place);
  void owe(std::uint32_t place);
  void no_longer_owe(std::uint32_t place);
  void look_for_tarpit();
  void check_canaries();

  model::port_set ports_;
  permutation order_;
  std::uint64_t random_;

  std::uint32_t next_place_ = 0;
  std::uint32_t prefix_ = 0;  ///< all places before it have responded or were silent
  std::deque<bool> settled_;  ///< the same for each place from `prefix_` on
  /// Ports that were not probed because of a local error, or have to be probed again.
  std::vector<probe> once_more_;

  /// By place: was silent at the first probe and has not been probed again.
  std::vector<bool> owing_;
  std::uint32_t owing_count_ = 0;
  bool second_pass_ = false;
  bool sample_only_ = false;
  std::uint32_t next_again_ = 0;    ///< position of the second pass
  std::uint32_t again_unsent_ = 0;  ///< probes that the second pass still has to send

  std::vector<std::uint16_t> canaries_;
  std::size_t canaries_sent_ = 0;
  std::uint32_t canaries_back_ = 0;
  std::uint32_t canaries_open_ = 0;
  std::uint32_t suspicious_first_;  ///< number of open ports that makes the host suspicious
  std::uint32_t suspicious_at_;     ///< the same, after it has passed the check

  std::vector<std::uint16_t> open_;
  std::vector<std::uint32_t> open_places_;  ///< of the same ports
  std::uint32_t refused_ = 0;
  bool answered_ = false;  ///< a port was open or closed, in this run or an earlier one
  std::uint32_t done_ = 0;
  std::uint32_t in_flight_ = 0;
  bool tarpit_ = false;
  bool last_was_loss_ = false;
};

}  // namespace sonde::scanner
