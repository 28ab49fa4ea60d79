#pragma once

#include "base/async/condition.hpp"
#include "base/clock.hpp"
#include "scanner/engine/connection.hpp"
#include "scanner/engine/connector.hpp"
#include "scanner/engine/rate.hpp"

#include <functional>

namespace sonde::scanner {

/// Opens connections one by one, for whoever talks to a port that the sweep has found open.
///
/// It shares the connector and the rates with the sweeps, and goes before them when there is room.
/// The scope is asked again at every dial. Lives on the engine's loop.
class dialer {
 public:
  dialer(executor loop, connector& connector, const clock& clock);

  /// Whether an address may still be dialled at this moment.
  using permission = std::function<result<>()>;

  awaitable<result<connection>> dial(model::ip_address address, std::uint16_t port,
                                     rate_table::lease rate, permission allowed,
                                     steady_time deadline);
  /// The connector has room: whoever waits for it goes first.
  void room();
  [[nodiscard]] bool anyone_waiting() const { return waiting_ > 0; }

 private:
  executor loop_;
  connector& connector_;
  const clock& clock_;
  condition room_;
  int waiting_ = 0;
};

}  // namespace sonde::scanner
