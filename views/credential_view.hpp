#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "model/credential.hpp"
#include "model/key_rules.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::views {

/// A key, and when it was last used: as this process has seen, or any has recorded.
struct known_key {
  model::credential what;
  std::optional<wall_time> last_used;
  std::optional<wall_time> recorded_use;
};

/// `credentials`, folded into memory: every request asks it, so it has no file and no loop of its
/// own, but lives on the loop of whoever asks. A revocation is for ever, whatever comes behind it,
/// and revokes all keys that derive from the key.
///
/// Expired keys leave memory, and revoked ones `limits::revoked_key_s` after their revocation.
/// Either is then unknown, which lets nobody in.
///
/// A key that is not in it is unknown, and nobody waits for one: `current` says whether that may
/// be relied on.
class credential_view {
 public:
  credential_view(executor loop, queue::backend& queue, const limits& limits, const clock& clock,
                  logger& log);

  /// Begins to fold. On the loop, or before it runs.
  void start();
  /// Ends folding. On the loop, once, after `start`.
  awaitable<void> stop();

  /// True once everything has been folded that was on the topic at the start.
  [[nodiscard]] bool caught_up_once() const { return current_as_of_.has_value(); }
  /// Whether what it knows is at most `limits::credentials_lag_ms` old.
  [[nodiscard]] bool current() const;
  /// Waits until it has caught up for the first time. False at the deadline.
  awaitable<bool> wait_until_caught_up(steady_time deadline);
  /// Waits until everything has been folded that is on the topic now. False at the deadline, and
  /// where the topic cannot be asked.
  awaitable<bool> catch_up(steady_time deadline);

  /// One look-up. Nothing for a key that is unknown; one that is revoked or has expired is there.
  /// Valid until the next `co_await`.
  [[nodiscard]] const known_key* find(const std::string& id) const;
  /// What a key may do now, with regard to the keys that it derives from.
  [[nodiscard]] model::checked_key check(const known_key& key) const;
  /// Keys that are valid, of one user or (empty) of all, by name.
  [[nodiscard]] std::vector<known_key> list(const std::string& user_id) const;

  struct key_counts {
    std::uint64_t total = 0;
    std::uint64_t of_user = 0;
  };
  /// Keys in memory: those that have not expired, nor been revoked long ago.
  [[nodiscard]] key_counts count(const std::string& user_id);

  /// Remembers that a key was used just now, to the minute.
  void note_use(const std::string& id);
  /// Uses that should be recorded: of each key one an hour. They are told once.
  [[nodiscard]] std::vector<model::key_use> take_uses();

 private:
  awaitable<void> fold_all();
  awaitable<void> stay_current();
  void fold(const queue::stored_record& one);
  void fold_use(const queue::stored_record& one);
  known_key& add(const std::string& id, const model::credential& key);
  void mark_revoked(const std::string& id, wall_time at);
  void forget(const std::string& id);
  void forget_ended();
  void skip(const queue::stored_record& one);
  [[nodiscard]] bool has_reached(const queue::position& end) const;

  executor loop_;
  queue::backend& queue_;
  const limits& limits_;
  const clock& clock_;
  logger& log_;
  std::unordered_map<std::string, known_key> keys_;
  std::unordered_map<std::string, std::vector<std::string>> of_user_;   ///< ids of their keys
  std::unordered_map<std::string, std::vector<std::string>> children_;  ///< ids, by their parent's
  std::multimap<wall_time, std::string> ends_;                  ///< when a key is to leave memory
  std::unordered_map<std::string, wall_time> uses_of_unknown_;  ///< which come later
  std::unordered_map<std::string, wall_time> uses_;             ///< to be recorded
  std::map<std::int32_t, std::int64_t> next_;  ///< by partition: the next offset to fold
  std::unique_ptr<queue::reader> reader_;
  task_group work_;
  condition changed_;
  std::optional<steady_time> current_as_of_;
  stop_signal stop_;
};

}  // namespace sonde::views
