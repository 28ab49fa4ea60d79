#pragma once

#include "base/async/asio.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "model/auth/credential.hpp"
#include "model/auth/key_rules.hpp"
#include "queue/io.hpp"
#include "views/limits.hpp"
#include "views/topic_follower.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::views {

/// A key with its last use: as this process has seen it, or as any process has recorded it.
struct known_key {
  model::credential what;
  std::optional<wall_time> last_used;
  std::optional<wall_time> recorded_use;
};

/// The topic `credentials` folded into memory. Every request uses this view, so it has no file and
/// no separate loop; it lives on the loop of its callers. A revocation is permanent, whatever
/// record follows it, and revokes all keys that derive from the key.
///
/// Expired keys leave memory; revoked keys leave it `limits::revoked_key_s` after their revocation.
/// Such a key is then unknown, and unknown keys are rejected.
///
/// A lookup of an unknown key does not wait: `current` returns whether the view is fresh enough to
/// rely on that.
class credential_view {
 public:
  credential_view(executor loop, queue::backend& queue, const limits& limits, const clock& clock,
                  logger& log);

  /// Starts folding. Called on the loop, or before it runs.
  void start();
  /// Stops folding. Called on the loop, once, after `start`.
  awaitable<void> stop();

  /// Returns true once all records that were on the topic at the start are folded.
  [[nodiscard]] bool caught_up_once() const { return current_as_of_.has_value(); }
  /// Returns whether the view is at most `limits::credentials_lag_ms` old.
  [[nodiscard]] bool current() const;
  /// Waits until the view has caught up for the first time. Returns false at the deadline.
  awaitable<bool> wait_until_caught_up(steady_time deadline);
  /// Waits until all records that are on the topic now are folded. Returns false at the deadline,
  /// and if the queue cannot report the end of the topic.
  awaitable<bool> catch_up(steady_time deadline);

  /// Looks up a key. Returns null for an unknown key; revoked and expired keys are returned. Valid
  /// until the next `co_await`.
  [[nodiscard]] const known_key* find(const std::string& id) const;
  /// Returns the rights of a key at present, limited by the keys from which it derives.
  [[nodiscard]] model::checked_key check(const known_key& key) const;
  /// Returns the valid keys of one user, or of all users if `user_id` is empty, sorted by name.
  [[nodiscard]] std::vector<known_key> list(const std::string& user_id) const;

  struct key_counts {
    std::uint64_t total = 0;
    std::uint64_t of_user = 0;
  };
  /// Counts the keys in memory. Expired keys and keys revoked long ago are not counted.
  [[nodiscard]] key_counts count(const std::string& user_id);

  /// Notes that a key was used now, with a precision of one minute.
  void note_use(const std::string& id);
  /// Returns the uses to be recorded, one per key and hour. Each use is returned once.
  [[nodiscard]] std::vector<model::key_use> take_uses();

 private:
  awaitable<void> fold_all();
  awaitable<void> fold_batch(std::vector<queue::stored_record> batch);
  awaitable<void> start_again();
  awaitable<void> stay_current();
  void fold(const queue::stored_record& one);
  void fold_use(const queue::stored_record& one);
  known_key& add(const std::string& id, const model::credential& key);
  void mark_revoked(const std::string& id, wall_time at);
  void forget(const std::string& id);
  void forget_ended();
  void skip(const queue::stored_record& one);

  const limits& limits_;
  const clock& clock_;
  logger& log_;
  std::unordered_map<std::string, known_key> keys_;
  std::unordered_map<std::string, std::vector<std::string>> of_user_;   ///< key ids of each user
  std::unordered_map<std::string, std::vector<std::string>> children_;  ///< key ids by parent id
  std::multimap<wall_time, std::string> ends_;                  ///< when a key leaves memory
  std::unordered_map<std::string, wall_time> uses_of_unknown_;  ///< the key follows later
  std::unordered_map<std::string, wall_time> uses_;             ///< to be recorded
  std::optional<steady_time> current_as_of_;
  topic_follower follower_;
  task_group work_;
};

}  // namespace sonde::views
