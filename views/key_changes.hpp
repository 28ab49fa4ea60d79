#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "model/credential.hpp"
#include "queue/io.hpp"
#include "views/credential_view.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sonde::views {

/// Makes and revokes keys: the one place that writes `credentials`, for HTTP, for the control
/// socket and for the command line.
///
/// Checking the limits and writing are one step. In this process a key that is being written
/// counts from the moment of the check. Between processes the order of events decides: after its
/// record is durable a process reads the topic to its end, and where that shows more keys than the
/// limit it revokes its own one again and refuses the order. Of two processes the one whose record
/// became durable later sees the other's, so there are never more keys in use than the limit; two
/// at the same moment may both be refused. The secret is told to nobody before that.
///
/// Lives on the loop of the view. What was changed is known to the view when a call returns. Errors
/// are `key_errc`.
class key_changes {
 public:
  key_changes(executor loop, queue::backend& queue, credential_view& credentials,
              random_source random, const limits& limits, const clock& clock, logger& log);

  /// With `order.parent` the key ends with its parent at the latest and has no more rights.
  awaitable<result<model::new_key>> make(model::key_order order, steady_time until);
  /// `of_user`: whose key it has to be; empty: anybody's. The keys that derive from it are revoked
  /// with it.
  awaitable<result<>> revoke(std::string id, std::string of_user, steady_time until);
  /// Waits for writes that nobody waits for any more.
  awaitable<void> stop();

 private:
  class reservation;

  [[nodiscard]] result<model::new_key> check(model::key_order order);
  [[nodiscard]] result<> check_room(const std::string& user);
  awaitable<result<>> write(model::credential key, steady_time until);
  awaitable<result<>> withdraw(model::credential key, steady_time until);

  queue::backend& queue_;
  credential_view& credentials_;
  random_source random_;
  const limits& limits_;
  const clock& clock_;
  logger& log_;
  std::map<std::string, std::vector<std::string>> pending_;  ///< ids being written, by user
  std::uint64_t pending_total_ = 0;
  task_group writes_;
};

}  // namespace sonde::views
