#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "model/scan/observation.hpp"
#include "scanner/engine/certificate_facts.hpp"
#include "scanner/engine/dialer.hpp"
#include "scanner/engine/engine_limits.hpp"
#include "scanner/engine/plan.hpp"
#include "scanner/engine/scan_budget.hpp"
#include "scanner/modules/recog.hpp"
#include "tls/library.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::scanner {

/// Objects that all conversations of one loop share. Outlives them.
struct conversation_tools {
  executor loop;
  dialer& dial;
  tls::library& openssl;
  certificate_cache& certificates;
  task_group& group;  ///< of listeners that outlast a question
  const engine_limits& bounds;
  const clock& time;
  logger& log;
  std::string user_agent;  ///< says who we are
  random_source random = kernel_random;
  depth how_deep = depth::standard;
  bool industrial = false;  ///< industrial protocols' own identification requests are allowed
  std::shared_ptr<const recog_database> recog = nullptr;  ///< the operator's fingerprints, or none
  /// Pause of an address scan after the first probe without a route; it doubles with each try.
  std::chrono::milliseconds route_pause{1'000};
};

/// The certificates that the scan of an address already holds, by fingerprint. The value tells
/// whether a certificate mismatches the host; it is empty until a server presents it as a leaf.
using known_certificates = std::unordered_map<std::string, std::optional<bool>>;

/// Whom to talk to.
struct conversation_partner {
  model::ip_address address;
  std::uint16_t port = 0;
  model::target host;  ///< under which the address is scanned; a name is sent as SNI
  rate_table::lease rate;
  dialer::permission allowed;
  std::shared_ptr<scan_budget> budget;        ///< of the whole scan
  const known_certificates* known = nullptr;  ///< outlives the conversation
  std::optional<depth> how_deep = {};         ///< absent: that of the tools
};

/// Result of a conversation.
struct conversation_result {
  model::endpoint_observation endpoint;
  std::vector<model::certificate_pointer> certificates;  ///< that were not known, or not as leaves
  /// False: each connection was reset before any byte was exchanged. Something on the
  /// way accepts for it; the port is not open.
  bool open = true;
};

/// Finds out which service an open port has. It listens first, on the connection of the probe. A
/// silent port is sent the requests of `plan_for` one after the other, until a service has a name;
/// inside TLS the same begins anew with `plan_inside_tls`. A request that is not answered in time
/// stays open while the next one is sent, and the first connection goes on listening for a late
/// greeting, so that slow services are heard. To a port that is for listening only nothing is sent.
/// Never logs in, and opens at most `most_connections`, or one more where the server serves one
/// connection at a time.
///
/// Ends within `engine_limits::conversation_timeout_ms` and its own deadlines. Cancelled by
/// cancelling the coroutine.
awaitable<conversation_result> converse(conversation_tools& tools, conversation_partner partner,
                                        unique_socket first, std::chrono::microseconds rtt);

}  // namespace sonde::scanner
