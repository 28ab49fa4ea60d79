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

/// An offset to begin at: of one partition, or of every partition.
struct tail_offset {
  std::optional<std::int32_t> partition = std::nullopt;
  std::int64_t offset = 0;
  bool operator==(const tail_offset&) const = default;
};

/// Which records `sonde topic tail` prints. At most one of `from_start`, `since` and `offset` is
/// given. Times are compared with `stored_record::time`.
struct tail_options {
  std::string topic = {};
  bool from_start = false;
  std::optional<wall_time> since = std::nullopt;
  std::optional<wall_time> until = std::nullopt;  ///< without another beginning: from the start
  std::optional<tail_offset> offset = std::nullopt;
  bool follow = false;
};

/// Whether records that are there already are asked for.
[[nodiscard]] bool reads_existing(const tail_options& options);

/// The records of a topic that were asked for, as they come from a reader of the whole topic.
class tail_range {
 public:
  /// `errc::usage` where the topic has no such partition or offset; errors of the queue.
  [[nodiscard]] static awaitable<result<tail_range>> of(queue::backend& queue, std::string topic,
                                                        tail_options options);

  /// Where a reader of the topic has to begin.
  [[nodiscard]] const std::vector<queue::position>& from() const { return from_; }
  /// Whether no more records are asked for. Where the topic is followed, that is once each
  /// partition has reached `until`.
  [[nodiscard]] bool over() const { return left_.empty(); }
  /// A record has been read; returns whether it is one of those that were asked for.
  bool take(const queue::stored_record& one);

 private:
  struct rest {
    std::int64_t first = 0;  ///< no record before this offset
    std::int64_t end = 0;    ///< none from this offset on
    bool begun = false;      ///< a record was taken, and all that follow it are
  };

  std::optional<wall_time> since_;
  std::optional<wall_time> until_;
  std::vector<queue::position> from_;
  std::map<std::int32_t, rest> left_;  ///< by partition; of those that are not read to their end
};

}  // namespace sonde::client
