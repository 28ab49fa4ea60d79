#pragma once

#include "model/port_set.hpp"
#include "model/scan_task.hpp"
#include "scanner/engine/permutation.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace sonde::scanner {

/// What became of one probe.
enum class verdict {
  open,         ///< the handshake was completed
  closed,       ///< refused: final
  silent,       ///< nothing came back
  unreachable,  ///< an ICMP error came back; it says as little as silence
  local,        ///< this machine could not ask: no verdict, to be asked again
};

struct probe {
  std::uint16_t port = 0;
  std::uint32_t place = 0;  ///< in the order of the first pass; none for a canary
  enum class purpose { first, again, canary } why = purpose::first;
};

/// What the ports of an address amount to.
enum class host_state {
  unknown,
  answering,  ///< some port said yes or no
  silent,     ///< none did
  tarpit,     ///< it accepts whatever is asked
};

/// The sweep of one address, without the network: which port to ask next, and what the answers
/// amount to.
///
/// Ports come in pseudo-random order. A refusal is final; a port that stayed silent is asked once
/// more, if the host has answered anything at all; of a host that has not said a word, a sample is.
/// A host that accepts nearly everything is tried with ports that nothing listens on; if it accepts
/// those too, it is a tarpit, and the sweep is over. Less than four ports give no such suspicion.
/// Lives on one thread; not for concurrent use.
class sweep {
 public:
  /// `seed` decides the order, so that a sweep goes on where another process stopped.
  sweep(model::port_set ports, std::uint64_t seed, const model::sweep_cursor& from = {});

  /// The next port to ask, if one can be asked now. Nothing: wait for answers, or it is finished.
  [[nodiscard]] std::optional<probe> next();
  /// What became of a probe that `next` gave. True: it is a port that should be talked to.
  bool report(const probe& probe, verdict what);

  [[nodiscard]] bool finished() const;
  [[nodiscard]] host_state host() const;
  /// Whether it is still to be found out if this is a tarpit: what its ports say is worth nothing
  /// before that.
  [[nodiscard]] bool may_be_tarpit() const;
  /// Ports known to be open, in the order found; empty for a tarpit.
  [[nodiscard]] const std::vector<std::uint16_t>& open() const { return open_; }
  [[nodiscard]] std::uint32_t planned() const { return ports_.size(); }
  /// Ports that have been asked, answered or not, for the first time.
  [[nodiscard]] std::uint32_t done() const { return done_; }
  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_; }
  /// From where to go on in another process. What is in flight will be asked again there.
  [[nodiscard]] model::sweep_cursor cursor() const;
  /// Whether the last answer to an `again` probe shows that the first one had been lost.
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
  void owe(std::uint32_t place, bool owing);
  void look_for_tarpit();
  void judge_canaries();

  model::port_set ports_;
  permutation order_;
  std::uint64_t random_;

  std::uint32_t next_place_ = 0;
  std::uint32_t prefix_ = 0;      ///< all before it have answered, or were silent
  std::deque<bool> settled_;      ///< the same for each from `prefix_` on
  std::vector<probe> once_more_;  ///< what this machine could not ask, or has to ask anew

  /// By place: was silent when it was first asked, and has not been asked again.
  std::vector<bool> owing_;
  std::uint32_t owing_count_ = 0;
  bool second_pass_ = false;
  bool sample_only_ = false;
  std::uint32_t next_again_ = 0;    ///< the second pass has come so far
  std::uint32_t again_unsent_ = 0;  ///< what it has still to ask

  std::vector<std::uint16_t> canaries_;
  std::size_t canaries_sent_ = 0;
  std::uint32_t canaries_back_ = 0;
  std::uint32_t canaries_open_ = 0;
  std::uint32_t suspicious_first_;  ///< so many open ports make it suspicious
  std::uint32_t suspicious_at_;     ///< the same, after it has passed

  std::vector<std::uint16_t> open_;
  std::vector<std::uint32_t> open_places_;  ///< of the same ports
  std::uint32_t refused_ = 0;
  bool answered_ = false;  ///< somebody said yes or no, in this run or an earlier one
  std::uint32_t done_ = 0;
  std::uint32_t in_flight_ = 0;
  bool tarpit_ = false;
  bool last_was_loss_ = false;
};

}  // namespace sonde::scanner
