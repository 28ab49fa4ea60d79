#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sonde::client {

/// Start offset in one partition, or in every partition.
struct tail_offset {
  std::optional<std::int32_t> partition = std::nullopt;
  std::int64_t offset = 0;
  bool operator==(const tail_offset&) const = default;
};

/// Selects the records that `sonde topic tail` prints. At most one of `from_start`, `since` and
/// `offset` is set. Times are compared with `stored_record::time`.
struct tail_options {
  std::string topic = {};
  bool from_start = false;
  std::optional<wall_time> since = std::nullopt;
  std::optional<wall_time> until = std::nullopt;  ///< if no start is set: from the start
  std::optional<tail_offset> offset = std::nullopt;
  bool follow = false;
};

/// Returns true if the options select existing records.
[[nodiscard]] bool reads_existing(const tail_options& options);

/// Filter that selects the requested records from those of a reader of the whole topic.
class tail_range {
 public:
  /// Creates the filter. Errors: `errc::usage` if the topic has no such partition or offset; errors
  /// of the queue.
  [[nodiscard]] static awaitable<result<tail_range>> of(queue::backend& queue, std::string topic,
                                                        tail_options options);

  /// Returns the positions at which a reader of the topic begins.
  [[nodiscard]] const std::vector<queue::position>& from() const { return from_; }
  /// Returns true if no more records are selected. If the topic is followed, this happens when each
  /// partition has reached `until`.
  [[nodiscard]] bool over() const { return left_.empty(); }
  /// Takes a record that was read. Returns true if it is selected.
  bool take(const queue::stored_record& one);

 private:
  struct rest {
    std::int64_t first = 0;  ///< no record before this offset
    std::int64_t end = 0;    ///< no record from this offset on
    bool begun = false;      ///< a record was selected, and all later ones are
  };

  std::optional<wall_time> since_;
  std::optional<wall_time> until_;
  std::vector<queue::position> from_;
  std::map<std::int32_t, rest> left_;  ///< by partition; those that are not read to their end
};

}  // namespace sonde::client
