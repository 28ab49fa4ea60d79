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
/// It shares the connector and the rates with the sweeps; they leave as many slots free as dials
/// are waiting for one. The scope is asked again at every dial. Lives on the engine's loop.
class dialer {
 public:
  dialer(executor loop, connector& connector, const clock& clock);

  /// Whether an address may still be dialled at this moment.
  using permission = std::function<result<>()>;

  /// `errc::deadline` where it could not be tried in time, `silent` where it was.
  awaitable<result<connection>> dial(model::ip_address address, std::uint16_t port,
                                     rate_table::lease rate, permission allowed,
                                     steady_time deadline);
  /// The connector has room: whoever waits for it may look again.
  void room() { room_.notify_all(); }
  /// So many wait for room.
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
