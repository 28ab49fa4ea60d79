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

/// What everything above knows of a queue: topics of partitions of records, durable and in order.
/// Which backend is behind it is decided in one place, daemon/app.cpp.
namespace sonde::queue {

enum class cleanup {
  remove,   ///< records older than `retention` go
  compact,  ///< of each key the newest record stays
};

/// What a topic must be. Names here are short ("scan.requests"); a backend adds prefix and version.
struct topic_spec {
  std::string name;
  std::int32_t partitions = 1;
  cleanup policy = cleanup::remove;
  std::chrono::milliseconds retention{0};  ///< zero: for ever
  bool keep_uncommitted = false;           ///< whatever its age, until every group has committed it
  /// A record is not compacted away, nor removed as a repeat, before this age.
  std::chrono::milliseconds compaction_lag{0};
  /// Beyond so many bytes of keys, values and headers the oldest records go; zero: never. Of the
  /// whole topic: where a backend counts by partition, each has its share.
  std::uint64_t retention_bytes = 0;
  /// Of a topic that is not compacted: among the records that say the same, those stay that tell
  /// the earliest and the latest time. Nothing: the record stays. Called on a thread of the
  /// backend's. Local backends only: Kafka has no such cleanup.
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

/// A place in a partition: of a record, or of the next one to read.
struct position {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  auto operator<=>(const position&) const = default;
};

/// A record as it stands in its partition. Offsets grow; they may have gaps.
struct stored_record {
  record what;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  wall_time time{};

  [[nodiscard]] position place() const { return {what.topic, partition, offset}; }
};

/// Reads partitions in order, for itself alone: no group, no commits. Within a partition nothing is
/// skipped; what lies before the first kept record is.
///
/// Used by one coroutine at a time, on any loop. `read` is not cancelled by the coroutine's
/// cancellation but by `close`. Destroying it closes it.
class reader {
 public:
  virtual ~reader() = default;
  /// Waits until there is at least one record. `errc::closed` after `close`.
  virtual awaitable<result<std::vector<stored_record>>> read() = 0;
  /// Ends a waiting `read` and all later ones. Callable from any thread, more than once.
  virtual void close() = 0;
};

/// These partitions are this member's now. What it reads of them begins where the group has
/// committed to.
struct assigned {
  std::vector<partition_ref> partitions;
};

/// These partitions are about to go to another member. Until the next call of `next` they can
/// still be committed; after it they are gone. `lost`: they are gone already.
struct revoked {
  std::vector<partition_ref> partitions;
  bool lost = false;
};

using delivery = std::variant<std::vector<stored_record>, assigned, revoked>;

/// A member of a consumer group. Same rules of use as a `reader`.
class consumer {
 public:
  virtual ~consumer() = default;
  /// Waits for records or for news of the assignment. An offset that the topic does not hold any
  /// more is `errc::out_of_range`, never a silent jump.
  virtual awaitable<result<delivery>> next() = 0;
  /// The group has dealt with everything before these positions. Durable when it returns.
  virtual awaitable<result<>> commit(std::vector<position> next) = 0;
  /// Leaves the group; its partitions go to the others.
  virtual void close() = 0;
};

/// Where records go in. Callable from any loop.
class sink {
 public:
  virtual ~sink() = default;
  /// Completes when every record is durable, and says where each stands. The key decides the
  /// partition (murmur2, as JVM tools do). On one machine the batch is one transaction; otherwise
  /// a failed batch may be there in part, and repeating it completes it.
  virtual awaitable<result<std::vector<position>>> produce(std::vector<record> batch) = 0;
  /// The same, to a partition of the caller's choice.
  virtual awaitable<result<position>> produce_to(std::int32_t partition, record one) = 0;
  /// Gives up what has not left this process for a partition that is somebody else's by now: its
  /// senders are told `errc::not_owned`. What has left may still come to stand there. From any
  /// thread.
  virtual void abandon(partition_ref where) = 0;
};

/// A queue, whole. Made, started and closed by the wiring; outlives everything that uses it.
class backend : public sink {
 public:
  /// A reader of all partitions of these topics, from the start or from the positions given; a
  /// partition without a position is read from the start.
  virtual std::unique_ptr<reader> read_from(std::vector<std::string> topics,
                                            std::vector<position> from) = 0;
  virtual std::unique_ptr<consumer> join(std::string group, std::string topic) = 0;

  /// The position behind the last record of each partition of these topics. Whatever was
  /// acknowledged before the call, by any process, is before it.
  virtual awaitable<result<std::vector<position>>> ends(std::vector<std::string> topics) = 0;
  /// The position of the first record that is kept.
  virtual awaitable<result<std::vector<position>>> starts(std::vector<std::string> topics) = 0;
  /// Where a group would go on in each partition of a topic: where it has committed to, or else at
  /// the start.
  virtual awaitable<result<std::vector<position>>> committed(std::string group,
                                                             std::string topic) = 0;
  /// The size of each topic that the backend stores itself. Leaves out topics that it has not
  /// counted yet. Empty on Kafka, whose brokers report sizes.
  /// From any thread.
  [[nodiscard]] virtual std::vector<topic_size> sizes() const { return {}; }

  [[nodiscard]] virtual const std::vector<topic_spec>& topics() const = 0;
  /// A topic's full name, as other programs see it: `sonde.scan.requests.v1`.
  [[nodiscard]] virtual std::string full_name(const std::string& topic) const = 0;
  /// The same of a group: `sonde.scanner`.
  [[nodiscard]] virtual std::string full_group(const std::string& group) const = 0;

  /// Changes when these are no longer the same topics: a file was deleted, a cluster replaced.
  /// Whoever keeps positions keeps this beside them.
  [[nodiscard]] virtual const std::string& identity() const = 0;

  /// An error once the queue has failed in a way that only a restart mends. From any thread.
  [[nodiscard]] virtual result<> health() const = 0;
  /// An error while nothing can be made durable for a reason that may pass. From any thread.
  [[nodiscard]] virtual result<> availability() const { return {}; }

  /// Finishes what was accepted and stops. Blocks; nothing may use the queue any more, and its
  /// readers and consumers have been closed. Idempotent.
  virtual void close() = 0;
};

}  // namespace sonde::queue
