#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/record.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The interface of a queue: topics of partitions of durable, ordered records. Only
/// daemon/backend.cpp chooses the backend.
namespace sonde::queue {

enum class cleanup {
  remove,   ///< delete records older than `retention`
  compact,  ///< keep the newest record of each key
};

/// The required properties of a topic. Names here are short ("scan.requests"); a backend adds the
/// prefix and the version.
struct topic_spec {
  std::string name;
  std::int32_t partitions = 1;
  cleanup policy = cleanup::remove;
  std::chrono::milliseconds retention{0};  ///< zero: no expiry
  bool keep_uncommitted = false;           ///< keep at any age until every group has committed
  /// The minimum age of a record before compaction or repeat removal may delete it.
  std::chrono::milliseconds compaction_lag{0};
  /// The limit on bytes of keys, values and headers of the whole topic; the oldest records beyond
  /// it are deleted. Zero: no limit. A backend that counts by partition gives each partition an
  /// equal share.
  std::uint64_t retention_bytes = 0;
  /// Identifies repeats in a topic that is not compacted. Of the records with the same mark, only
  /// those with the earliest and the latest time are kept. A record without a mark is always kept.
  /// The backend calls this on one of its own threads. Local backends only: Kafka has no such
  /// cleanup.
  std::function<std::optional<repeat_mark>(const record&)> repeats = nullptr;
};

struct partition_ref {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const partition_ref&) const = default;
};

/// The size of a topic's records: bytes of keys, values and headers.
struct topic_size {
  std::string topic;
  std::uint64_t bytes = 0;
};

/// A place in a partition: the offset of a record, or of the next record to read.
struct position {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  auto operator<=>(const position&) const = default;
};

/// A record with its place in a partition. Offsets increase and may have gaps.
struct stored_record {
  record what;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  wall_time time{};

  [[nodiscard]] position place() const { return {what.topic, partition, offset}; }
};

/// Reads partitions in order, without a group and without commits. Within a partition no record is
/// skipped, except those before the first record that is still kept.
///
/// Used by one coroutine at a time, on any loop. Cancelling the coroutine does not cancel `read`;
/// `close` does. The destructor closes the reader.
class reader {
 public:
  virtual ~reader() = default;
  /// Waits until at least one record is available. Fails with `errc::closed` after `close`.
  virtual awaitable<result<std::vector<stored_record>>> read() = 0;
  /// Ends a waiting `read` and all later ones. Callable from any thread, more than once.
  virtual void close() = 0;
};

/// Reports partitions that this member owns from now on. Reading starts at the offset that the
/// group has committed.
struct assigned {
  std::vector<partition_ref> partitions;
};

/// Reports partitions that are about to move to another member. They can still be committed until
/// the next call of `next`, which releases them. `lost`: they have been taken away already.
struct revoked {
  std::vector<partition_ref> partitions;
  bool lost = false;
};

using delivery = std::variant<std::vector<stored_record>, assigned, revoked>;

/// A member of a consumer group. The rules of use are those of `reader`.
class consumer {
 public:
  virtual ~consumer() = default;
  /// Waits for records or for a change of the assignment. Fails with `errc::out_of_range` if the
  /// topic no longer holds the offset; it never skips silently.
  virtual awaitable<result<delivery>> next() = 0;
  /// Commits these positions: the group has processed everything before them. Durable on return.
  virtual awaitable<result<>> commit(std::vector<position> next) = 0;
  /// Leaves the group. Its partitions move to the other members.
  virtual void close() = 0;
};

/// The producing interface. Callable from any loop.
class sink {
 public:
  virtual ~sink() = default;
  /// Completes when every record is durable, and returns the position of each. The key decides the
  /// partition (murmur2, as JVM tools do). On one machine the batch is one transaction. Otherwise a
  /// failed batch may be stored in part, and repeating it completes it.
  virtual awaitable<result<std::vector<position>>> produce(std::vector<record> batch) = 0;
  /// Produces one record to a partition that the caller chooses.
  virtual awaitable<result<position>> produce_to(std::int32_t partition, record one) = 0;
  /// Abandons records that this process has not sent yet, for a partition that another process now
  /// owns. Their senders get `errc::not_owned`. Records that were sent already may still be stored.
  /// Callable from any thread.
  virtual void abandon(partition_ref where) = 0;
};

/// A complete queue. The wiring creates, starts and closes it; it outlives all its users.
class backend : public sink {
 public:
  /// Returns a reader of all partitions of the given topics. It reads from the given positions; a
  /// partition without a position is read from the start.
  virtual std::unique_ptr<reader> read_from(std::vector<std::string> topics,
                                            std::vector<position> from) = 0;
  virtual std::unique_ptr<consumer> join(std::string group, std::string topic) = 0;

  /// Returns the position after the last record of each partition of the given topics. Every record
  /// that any process had acknowledged before the call is before it.
  virtual awaitable<result<std::vector<position>>> ends(std::vector<std::string> topics) = 0;
  /// Returns the position of the first record that is kept.
  virtual awaitable<result<std::vector<position>>> starts(std::vector<std::string> topics) = 0;
  /// Returns where a group continues in each partition of a topic: at its committed position, or at
  /// the start if it has none.
  virtual awaitable<result<std::vector<position>>> committed(std::string group,
                                                             std::string topic) = 0;
  /// Returns the size of each topic that the backend stores itself. Leaves out topics that it has
  /// not counted yet. Empty on Kafka, whose brokers report sizes. Callable from any thread.
  [[nodiscard]] virtual std::vector<topic_size> sizes() const { return {}; }

  [[nodiscard]] virtual const std::vector<topic_spec>& topics() const = 0;
  /// Returns a topic's full name, as other programs see it: `sonde.scan.requests.v1`.
  [[nodiscard]] virtual std::string full_name(const std::string& topic) const = 0;
  /// Returns a group's full name: `sonde.scanner`.
  [[nodiscard]] virtual std::string full_group(const std::string& group) const = 0;

  /// Returns an id that changes when the topics are no longer the same: a file was deleted, or a
  /// cluster was replaced. Code that stores positions stores this id with them.
  [[nodiscard]] virtual const std::string& identity() const = 0;

  /// Returns an error once the queue has failed in a way that only a restart repairs. Callable from
  /// any thread.
  [[nodiscard]] virtual result<> health() const = 0;
  /// Returns an error while records cannot be made durable for a temporary reason. Callable from
  /// any thread.
  [[nodiscard]] virtual result<> availability() const { return {}; }

  /// Finishes the accepted records and stops. Blocks. Requires that all readers and consumers are
  /// closed and that the queue has no other users. Idempotent.
  virtual void close() = 0;
};

}  // namespace sonde::queue
