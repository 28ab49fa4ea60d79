#pragma once

#include "base/clock.hpp"
#include "base/record.hpp"
#include "base/result.hpp"
#include "queue/io.hpp"
#include "queue/local/layout.hpp"
#include "queue/local/log_sizes.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// The interface that a backend on one machine implements. This folder adds the parts that all such
/// backends share: group commit, waiting readers and consumer groups.
namespace sonde::queue::local {

/// A record to be appended to its log.
struct log_append {
  log_index log = 0;
  record what;
};

/// The committed position of a group in a log: the offset of its next record.
struct group_offset {
  std::string group;
  log_index log = 0;
  std::int64_t next = 0;
};

/// The offset of the first kept record and the offset after the last record.
struct log_bounds {
  std::int64_t start = 0;
  std::int64_t end = 0;
};

/// The writing side. All calls come from one thread and may block on the disk.
class log_writer {
 public:
  virtual ~log_writer() = default;

  /// Makes all records and commits durable in one transaction, or none. Returns the offsets of the
  /// records, in order.
  virtual result<std::vector<std::int64_t>> write(std::span<const log_append> records,
                                                  std::span<const group_offset> commits,
                                                  wall_time now) = 0;

  /// Returns `errc::no_space` if `bytes` more bytes must not be written. Urgent records are exempt.
  /// Cheap: called before every transaction with records that are not urgent.
  virtual result<> room(std::size_t bytes) {
    (void)bytes;
    return {};
  }

  /// Runs a slice of retention and compaction, which takes a few milliseconds. Returns true if
  /// there is more to do.
  virtual result<bool> maintain(wall_time now) = 0;

  /// Returns the log sizes, which stay valid after the writer's last call. Readable from any
  /// thread.
  [[nodiscard]] virtual const log_sizes& sizes() const = 0;
};

/// The reading side. All calls come from one thread, which is not always the writer's.
class log_reader {
 public:
  virtual ~log_reader() = default;

  /// Returns records from offset `from` on, in order: at most `records` records and about `bytes`
  /// bytes, but at least one if one exists. Fails with `errc::out_of_range` if `from` is before the
  /// first kept record of a topic that is not compacted.
  virtual result<std::vector<stored_record>> read(log_index log, std::int64_t from,
                                                  std::size_t records, std::size_t bytes) = 0;
  virtual result<std::vector<log_bounds>> bounds() = 0;
  virtual result<std::vector<group_offset>> committed() = 0;
};

}  // namespace sonde::queue::local
