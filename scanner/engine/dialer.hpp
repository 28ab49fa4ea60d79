#pragma once

#include "base/async/condition.hpp"
#include "base/clock.hpp"
#include "scanner/engine/connection.hpp"
#include "scanner/engine/connector.hpp"
#include "scanner/engine/rate.hpp"

#include <functional>

namespace sonde::scanner {

/// Opens single connections, for conversations with ports that the sweep has found open.
///
/// It shares the connector and the rates with the sweeps; they leave as many slots free as dials
/// are waiting for one. The scope is checked again at every dial. Lives on the engine's loop.
class dialer {
 public:
  dialer(executor loop, connector& connector, const clock& clock);

  /// Tells whether an address may still be dialled.
  using permission = std::function<result<>()>;

  /// Connects. `errc::deadline` if it could not be tried in time, `silent` if it was tried.
  awaitable<result<connection>> dial(model::ip_address address, std::uint16_t port,
                                     rate_table::lease rate, permission allowed,
                                     steady_time deadline);
  /// Reports that the connector has room; wakes the waiting dials.
  void room() { room_.notify_all(); }
  /// The number of dials that wait for room.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }

 private:
  awaitable<void> wait_for_room(steady_time deadline);

  executor loop_;
  connector& connector_;
  const clock& clock_;
  condition room_;
  std::size_t waiting_ = 0;
};

}  // namespace sonde::scanner
