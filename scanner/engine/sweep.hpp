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
  std::uint32_t index = 0;  ///< in the order of the first pass
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
/// more, if the host has answered anything at all. A host that accepts nearly everything is tried
/// with ports that nothing listens on; if it accepts those too, it is a tarpit, and the sweep is
/// over. Lives on one thread; not for concurrent use.
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
  /// Ports known to be open, in the order found; empty for a tarpit.
  [[nodiscard]] const std::vector<std::uint16_t>& open() const { return open_; }
  [[nodiscard]] std::uint32_t planned() const { return ports_.size(); }
  /// Ports that have been asked, answered or not, for the first time.
  [[nodiscard]] std::uint32_t done() const { return done_; }
  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_; }
  /// From where to go on in another process.
  [[nodiscard]] model::sweep_cursor cursor() const;
  /// Whether the last answer to an `again` probe shows that the first one had been lost.
  [[nodiscard]] bool last_was_loss() const { return last_was_loss_; }

 private:
  void begin_second_pass();
  void look_for_tarpit();
  void judge_canaries();
  void note_first_pass(std::uint32_t index);

  model::port_set ports_;
  permutation order_;
  std::uint64_t random_;

  std::uint32_t next_index_ = 0;
  std::uint32_t prefix_ = 0;           ///< all before it have an answer or were silent
  std::deque<bool> answered_;          ///< from `prefix_` on
  std::vector<probe> once_more_;       ///< what this machine could not ask
  std::vector<std::uint16_t> silent_;  ///< in the first pass
  std::size_t next_silent_ = 0;
  bool second_pass_ = false;

  std::vector<std::uint16_t> canaries_;
  std::size_t canaries_sent_ = 0;
  std::uint32_t canaries_back_ = 0;
  std::uint32_t canaries_open_ = 0;
  std::uint32_t suspicious_at_;  ///< so many open ports

  std::vector<std::uint16_t> open_;
  std::uint32_t refused_ = 0;
  std::uint32_t done_ = 0;
  std::uint32_t in_flight_ = 0;
  bool tarpit_ = false;
  bool last_was_loss_ = false;
};

}  // namespace sonde::scanner
