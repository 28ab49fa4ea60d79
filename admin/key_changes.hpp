#pragma once

#include "admin/context.hpp"
#include "base/async/task_group.hpp"
#include "base/random.hpp"
#include "model/auth/credential.hpp"
#include "views/credential_view.hpp"
#include "views/limits.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sonde::admin {

/// Waits until the view has read all keys. Fails with `errc::behind` after the deadline.
awaitable<result<>> read_all_keys(views::credential_view& credentials, steady_time until);

/// Creates and revokes keys. Only this class writes `credentials`, for HTTP, for the control socket
/// and for the command line. The one exception is the key that a first start creates, before any
/// other part of the process runs.
///
/// Checking the limits and writing are one step. Within this process a key that is being written
/// counts from the moment of the check. Between processes the order of records decides. After its
/// record is durable, a process reads the topic to its end. If that shows more keys than the limit,
/// the process revokes its new key and refuses the order. Of two processes, the one whose record
/// became durable later sees the record of the other, so the keys in use never exceed the limit.
/// Two orders at the same moment may both be refused. The secret is not disclosed before that.
///
/// Lives on the loop of the view. When a call returns, the view contains the change. Errors are
/// `admin::errc`.
class key_changes {
 public:
  key_changes(const context& around, views::credential_view& credentials, random_source random);

  /// Creates a key. With `order.parent` the key expires no later than its parent and has no more
  /// rights.
  awaitable<result<model::new_key>> make(model::key_order order, steady_time until);
  /// Revokes a key and all keys derived from it. `of_user`: the required owner of the key; empty:
  /// any owner.
  awaitable<result<>> revoke(std::string id, std::string of_user, steady_time until);
  /// Waits for writes whose callers no longer wait.
  awaitable<void> stop();

 private:
  class reservation;

  [[nodiscard]] result<model::new_key> check(model::key_order order);
  [[nodiscard]] result<> check_room(const std::string& user);
  awaitable<result<>> write(model::credential key, steady_time until);
  awaitable<result<>> withdraw(model::credential key, steady_time until);

  queue::backend& queue_;
  views::credential_view& credentials_;
  random_source random_;
  const views::limits& limits_;
  const clock& clock_;
  logger& log_;
  std::map<std::string, std::vector<std::string>> pending_;  ///< ids being written, by user
  std::uint64_t pending_total_ = 0;
  task_group writes_;
};

}  // namespace sonde::admin
