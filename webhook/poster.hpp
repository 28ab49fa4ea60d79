#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "model/webhook.hpp"
#include "model/webhook_guard.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::webhook {

/// One POST, to addresses that have been judged.
struct post_order {
  model::webhook_url url;
  std::vector<model::ip_address> addresses;  ///< tried in this order
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct post_answer {
  unsigned status = 0;
  std::string retry_after;  ///< the header, as it came; empty where there is none
};

/// Sends one POST over a connection of its own, and reads the answer's status.
///
/// It connects to the addresses it is given and to nothing else: no proxy, no redirect, no second
/// look-up, and the peer's address is judged again once the connection stands. A certificate must
/// be valid for the URL's host. Of the answer it reads so much that the receiver can finish, and
/// keeps nothing but the status. Lives on one loop; a post ends by its deadline.
class poster {
 public:
  /// `ca_file`: certificates trusted beside the system's; empty: none. Throws where it cannot be
  /// read.
  poster(executor loop, const std::string& ca_file, std::string user_agent,
         model::webhook_guard guard, const limits& limits, const clock& clock);
  ~poster();
  poster(const poster&) = delete;
  poster& operator=(const poster&) = delete;

  /// Other rules, also for a connection that is being made. On the loop.
  void set_guard(model::webhook_guard guard);
  /// Changes the `User-Agent` of later requests. On the loop.
  void set_user_agent(std::string user_agent);
  awaitable<result<post_answer>> post(post_order order, steady_time deadline);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace sonde::webhook
