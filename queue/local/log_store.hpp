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

/// What a backend on one machine must be able to do. The rest (group commit, waiting readers,
/// consumer groups) is the same for all of them and lives in this folder.
namespace sonde::queue::local {

/// A record on its way to its log.
struct log_append {
  log_index log = 0;
  record what;
};

/// How far a group has come in a log: the offset of the next record for it.
struct group_offset {
  std::string group;
  log_index log = 0;
  std::int64_t next = 0;
};

/// The first offset kept and the one behind the last record.
struct log_bounds {
  std::int64_t start = 0;
  std::int64_t end = 0;
};

/// The writing side. All calls come from one thread, and may block on the disk.
class log_writer {
 public:
  virtual ~log_writer() = default;

  /// Makes all of it durable in one transaction, or none. Returns the records' offsets, in order.
  virtual result<std::vector<std::int64_t>> write(std::span<const log_append> records,
                                                  std::span<const group_offset> commits,
                                                  wall_time now) = 0;

  /// `errc::no_space` while so many bytes more must not be written, unless they are of urgent
  /// records. Cheap: asked before every transaction.
  virtual result<> room(std::size_t bytes) {
    (void)bytes;
    return {};
  }

  /// A slice of retention and compaction, a few milliseconds long. True: there is more to do.
  virtual result<bool> maintain(wall_time now) = 0;

  /// Outlives the writer's last call. Readable from any thread.
  [[nodiscard]] virtual const log_sizes& sizes() const = 0;
};

/// The reading side. All calls come from one thread, not always the writer's.
class log_reader {
 public:
  virtual ~log_reader() = default;

  /// Records from `from` on, in order, at most so many and about so many bytes, at least one where
  /// there is one. `errc::out_of_range` where `from` is before the first kept record of a topic
  /// that does not compact.
  virtual result<std::vector<stored_record>> read(log_index log, std::int64_t from,
                                                  std::size_t records, std::size_t bytes) = 0;
  virtual result<std::vector<log_bounds>> bounds() = 0;
  virtual result<std::vector<group_offset>> committed() = 0;
};

}  // namespace sonde::queue::local
