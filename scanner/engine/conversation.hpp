#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "model/observation.hpp"
#include "scanner/engine/certificate_facts.hpp"
#include "scanner/engine/dialer.hpp"
#include "scanner/engine/scan_budget.hpp"
#include "tls/library.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::scanner {

/// What every conversation of one loop uses. Outlives them all.
struct conversation_tools {
  executor loop;
  dialer& dial;
  tls::library& openssl;
  certificate_cache& certificates;
  task_group& group;  ///< of listeners that outlast a question
  const limits& bounds;
  const clock& time;
  std::string user_agent;  ///< says who we are
};

/// Certificates that the scan of an address holds already, by fingerprint, and whether it has been
/// found out that they do not match the host.
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
};

/// What a conversation brought.
struct conversation_result {
  model::endpoint_observation endpoint;
  std::vector<model::certificate_pointer> certificates;  ///< that were not known, or not as leaves
  /// False: each time it was connected to, it was reset before a word was said. Something on the
  /// way accepts for it; the port is not open.
  bool open = true;
};

/// Talks to an open port, gently, until it is known what it says: it may speak first; if it does
/// not, it is offered TLS, and inside that it may speak first again; if it still says nothing, it
/// is asked for `/` by HTTP/1.0, a line that most text protocols answer with an error of their own.
/// To a port that is for listening only nothing is sent. Never logs in, never more than three
/// connections. While it is asked on other connections, the
/// first one goes on listening for a late greeting.
///
/// Ends within `limits::conversation_timeout_ms` and its own deadlines. Cancelled by cancelling the
/// coroutine.
awaitable<conversation_result> converse(conversation_tools& tools, conversation_partner partner,
                                        unique_socket first, std::chrono::microseconds rtt);

}  // namespace sonde::scanner
