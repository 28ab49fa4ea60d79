#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/webhook/webhook.hpp"
#include "model/webhook/webhook_guard.hpp"
#include "webhook/limits.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::webhook {

/// One POST, to addresses that have been checked.
struct post_order {
  model::webhook_url url;
  std::vector<model::ip_address> addresses;  ///< tried in this order
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct post_answer {
  unsigned status = 0;
  std::string retry_after;  ///< the header as received; empty if missing
};

/// The webhook client: sends one POST over a connection of its own and reads the status of the
/// response.
///
/// It connects only to the given addresses: no proxy, no redirect, no second look-up. It checks the
/// peer's address again once the connection is established. A certificate must be valid for the
/// URL's host. It reads enough of the response for the receiver to finish, and keeps only the
/// status and `Retry-After`. Lives on one loop; a post ends by its deadline.
class webhook_client {
 public:
  struct settings {
    std::string ca_file;  ///< certificates trusted in addition to the system's; empty: none
    std::string user_agent;
    model::webhook_guard guard;
  };
  /// Throws if the file of certificates cannot be read.
  webhook_client(executor loop, settings how, const limits& limits, const clock& clock);
  ~webhook_client();
  webhook_client(const webhook_client&) = delete;
  webhook_client& operator=(const webhook_client&) = delete;

  /// Changes the rules, also for a connection that is being established. Call on the loop.
  void set_guard(model::webhook_guard guard);
  /// Changes the `User-Agent` of later requests. Call on the loop.
  void set_user_agent(std::string user_agent);
  awaitable<result<post_answer>> post(post_order order, steady_time deadline);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace sonde::webhook
