#include "base/async/event_loop.hpp"
#include "queue/embedded/log_compactor.hpp"
#include "queue/embedded/log_copier.hpp"
#include "queue/embedded/record_codec.hpp"
#include "queue/embedded/repeat_remover.hpp"
#include "queue/embedded/sqlite_log.hpp"
#include "queue/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sonde::queue::embedded {
namespace {

using local::group_offset;
using local::log_append;
using local::log_index;

/// Rows that one slice of maintenance examines, which takes one or two milliseconds. A call runs
/// several slices while they are quick.
constexpr int slice_rows = 250;
/// The time limit of one call of maintenance: producers wait for it. The next call continues.
constexpr std::chrono::milliseconds slice_time{2};
/// Bytes of rows that one slice deletes: large rows take many pages each.
constexpr std::int64_t slice_bytes = 16 << 20;
/// Free pages that one slice gives back to the file system.
constexpr int slice_pages = 128;
/// Free pages kept for new records: 16 MiB. Pages beyond that are given back at once.
constexpr int kept_free_pages = 4096;

/// The background thread yields to the threads that answer requests.
constexpr int background_nice = 5;

/// The remaining work of a part of maintenance.
enum class rest {
  none,
  later,  ///< it waits for the background thread
  more,
};

rest rest_of(bool more) {
  return more ? rest::more : rest::none;
}

std::int64_t milliseconds_of(wall_time time) {
  return time.time_since_epoch().count();
}

/// The state of one log between two calls.
struct open_log {
  std::int64_t number = 0;
  std::int64_t next = 0;
  std::int64_t bytes = 0;       ///< of the records counted so far
  std::int64_t counted_to = 0;  ///< records before this offset are counted
  std::int64_t opened_at = 0;   ///< so are those from here on, which this process wrote

  [[nodiscard]] bool is_counted() const { return counted_to >= opened_at; }
  [[nodiscard]] bool counts(std::int64_t offset) const {
    return offset < counted_to || offset >= opened_at;
  }
  std::unique_ptr<SQLite::Statement> append;
  std::unique_ptr<repeat_remover> repeats;   ///< of a topic with repeat removal
  std::unique_ptr<log_compactor> compactor;  ///< of a topic that is compacted
};

class sqlite_writer final : public local::log_writer {
 public:
  sqlite_writer(std::filesystem::path file, folder_lock lock, disk_floor floor,
                opened_database database, local::layout layout)
      : file_(std::move(file)),
        lock_(std::move(lock)),
        floor_(std::move(floor)),
        db_(std::move(database.db)),
        layout_(std::move(layout)),
        set_next_(*db_, "UPDATE logs SET next=?2 WHERE number=?1"),
        set_offset_(*db_,
                    "INSERT INTO offsets VALUES(?1, ?2, ?3)"
                    " ON CONFLICT(consumer_group, number) DO UPDATE SET next=?3"),
        sizes_(database.numbers.size()),
        copier_(file_, *db_, background_.get_executor()) {
    background_.start(background_nice);
    SQLite::Statement next(*db_, "SELECT next FROM logs WHERE number=?");
    for (auto number : database.numbers) {
      next.reset();
      next.bind(1, number);
      next.executeStep();
      auto sql = "INSERT INTO " + table_of(number) + " VALUES(?, ?, ?, ?, ?, ?)";
      auto& log = logs_.emplace_back();
      log.number = number;
      log.next = next.getColumn(0).getInt64();
      log.opened_at = log.next;
      log.append = std::make_unique<SQLite::Statement>(*db_, sql);
      const auto& spec = layout_.spec(static_cast<log_index>(logs_.size() - 1));
      if (spec.policy == cleanup::compact) {
        log.compactor = std::make_unique<log_compactor>(*db_, number);
      }
      if (spec.repeats) {
        log.repeats =
            std::make_unique<repeat_remover>(*db_, file_, number, spec, background_.get_executor());
      }
    }
  }

  result<std::vector<std::int64_t>> write(std::span<const log_append> records,
                                          std::span<const group_offset> commits,
                                          wall_time now) override {
    auto written = write_once(records, commits, now);
    while (!written && written.error().code == make_error_code(errc::no_space) &&
           floor_.give_way()) {
      written = write_once(records, commits, now);
    }
    // Views need disk space to fold the written records.
    if (!floor_.room(0)) floor_.look();
    return written;
  }

  result<> room(std::size_t bytes) override { return floor_.room(bytes); }

  result<bool> maintain(wall_time now) override {
    floor_.look();
    return guarded(file_, [&]() -> result<bool> {
      auto begun = std::chrono::steady_clock::now();
      auto jobs = static_cast<log_index>(logs_.size()) + 1;
      bool late = false;
      while (done_jobs_ < jobs && !late) {
        auto job = std::exchange(next_job_, (next_job_ + 1) % jobs);
        auto left = tidy(job, now);
        done_jobs_ = left == rest::more ? 0 : done_jobs_ + 1;
        waits_ = waits_ || left == rest::later;
        late = std::chrono::steady_clock::now() - begun > slice_time;
      }
      note_sizes();
      bool done = done_jobs_ == jobs;
      if (auto copied = copier_.copy_if_due(done); !copied) return copied.error();
      if (!done) return true;
      done_jobs_ = 0;
      return std::exchange(waits_, false);
    });
  }

  [[nodiscard]] const local::log_sizes& sizes() const override { return sizes_; }

 private:
  /// Runs one part of maintenance: of one log or, as the last part, of the file.
  rest tidy(log_index job, wall_time now) {
    if (job == logs_.size()) return rest_of(give_pages_back());
    const auto& spec = layout_.spec(job);
    auto& log = logs_[job];
    bool more = count_some(log);
    if (log.compactor) {
      auto slice = log.compactor->remove_some(now - spec.compaction_lag, slice_rows);
      uncount(log, slice.removed);
      return rest_of(slice.more || more);
    }
    more = remove_old(log, spec, now) || more;
    auto repeats = spec.repeats ? remove_repeats(log, now - spec.compaction_lag) : rest::none;
    return more ? rest::more : repeats;
  }

  /// The end of a log before a transaction that may fail.
  struct log_end {
    std::int64_t next = 0;
    std::int64_t bytes = 0;
  };

  result<std::vector<std::int64_t>> write_once(std::span<const log_append> records,
                                               std::span<const group_offset> commits,
                                               wall_time now) {
    std::vector<log_end> before;
    for (const auto& log : logs_)
      before.push_back({log.next, log.bytes});
    auto written = guarded(file_, [&]() -> result<std::vector<std::int64_t>> {
      SQLite::Transaction all(*db_, SQLite::TransactionBehavior::IMMEDIATE);
      std::vector<std::int64_t> offsets;
      offsets.reserve(records.size());
      for (const auto& one : records)
        offsets.push_back(append(one, now));
      for (log_index i = 0; i < logs_.size(); ++i) {
        if (logs_[i].next != before[i].next) run(set_next_, logs_[i].number, logs_[i].next);
      }
      for (const auto& c : commits)
        run(set_offset_, c.group, logs_[c.log].number, c.next);
      all.commit();
      return offsets;
    });
    if (!written) {
      for (log_index i = 0; i < logs_.size(); ++i) {
        logs_[i].next = before[i].next;
        logs_[i].bytes = before[i].bytes;
      }
      return written;
    }
    note_sizes();
    if (auto copied = copier_.copy_if_due(false); !copied) return copied.error();
    return written;
  }

  void note_sizes() {
    for (log_index i = 0; i < logs_.size(); ++i) {
      if (logs_[i].is_counted()) sizes_.set(i, logs_[i].bytes);
    }
  }

  template <class... Values>
  static void run(SQLite::Statement& statement, const Values&... values) {
    statement.reset();
    int index = 0;
    (statement.bind(++index, values), ...);
    statement.exec();
  }

  std::int64_t append(const log_append& one, wall_time now) {
    auto& log = logs_[one.log];
    auto headers = encode_headers(one.what.headers);
    auto checksum = row_checksum(log.next, one.what.key, one.what.value, headers);
    auto& insert = *log.append;
    insert.reset();
    insert.bind(1, log.next);
    insert.bind(2, milliseconds_of(now));
    insert.bindNoCopy(3, one.what.key.data(), static_cast<int>(one.what.key.size()));
    insert.bindNoCopy(4, one.what.value.data(), static_cast<int>(one.what.value.size()));
    insert.bindNoCopy(5, headers.data(), static_cast<int>(headers.size()));
    insert.bind(6, static_cast<std::int64_t>(checksum));
    insert.exec();
    log.bytes +=
        static_cast<std::int64_t>(one.what.key.size() + one.what.value.size() + headers.size());
    return log.next++;
  }

  /// Counts the next rows that existed when the file was opened. Returns true if there are more.
  bool count_some(open_log& log) {
    if (log.is_counted()) return false;
    SQLite::Statement some(*db_, "SELECT max(offset), sum(bytes) FROM (SELECT offset, " +
                                     std::string(row_bytes) + " AS bytes FROM " +
                                     table_of(log.number) +
                                     " WHERE offset >= ? AND offset < ? ORDER BY offset LIMIT ?)");
    some.bind(1, log.counted_to);
    some.bind(2, log.opened_at);
    some.bind(3, slice_rows);
    if (!some.executeStep() || some.getColumn(0).isNull()) {
      log.counted_to = log.opened_at;
      return false;
    }
    log.bytes += some.getColumn(1).getInt64();
    log.counted_to = some.getColumn(0).getInt64() + 1;
    return true;
  }

  /// Deletes the next rows that are too old or exceed the size limit. Returns true if there may be
  /// more.
  bool remove_old(open_log& log, const topic_spec& spec, wall_time now) {
    bool counted = spec.retention_bytes > 0 && log.is_counted();
    auto excess = counted ? log.bytes - static_cast<std::int64_t>(spec.retention_bytes) : 0;
    if (spec.retention.count() == 0 && excess <= 0) return false;
    auto before = spec.retention.count() == 0 ? 0 : milliseconds_of(now - spec.retention);
    SQLite::Statement rows(*db_, "SELECT offset, time, " + std::string(row_bytes) + " FROM " +
                                     table_of(log.number) +
                                     " WHERE offset < ? ORDER BY offset LIMIT ?");
    rows.bind(1, spec.keep_uncommitted ? uncommitted_from(log) : log.next);
    rows.bind(2, slice_rows);
    std::int64_t last = -1;
    std::int64_t taken = 0;
    bool more = true;
    while (more && taken < slice_bytes && rows.executeStep()) {
      more = rows.getColumn(1).getInt64() < before || taken < excess;
      if (!more) break;
      last = rows.getColumn(0).getInt64();
      taken += rows.getColumn(2).getInt64();
    }
    rows.reset();
    if (last >= 0) remove_to(log, last);
    return more && last >= 0;
  }

  void remove_to(open_log& log, std::int64_t last) {
    auto table = table_of(log.number);
    SQLite::Transaction both(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement counted(*db_, "SELECT total(" + std::string(row_bytes) + ") FROM " + table +
                                        " WHERE offset <= ?1 AND (offset < ?2 OR offset >= ?3)");
    counted.bind(1, last);
    counted.bind(2, log.counted_to);
    counted.bind(3, log.opened_at);
    counted.executeStep();
    auto freed = counted.getColumn(0).getInt64();
    SQLite::Statement erase(*db_, "DELETE FROM " + table + " WHERE offset <= ?");
    erase.bind(1, last);
    erase.exec();
    SQLite::Statement start(*db_, "UPDATE logs SET start=? WHERE number=?");
    start.bind(1, last + 1);
    start.bind(2, log.number);
    start.exec();
    both.commit();
    log.bytes -= freed;
    log.counted_to = std::max(log.counted_to, last + 1);
  }

  static void uncount(open_log& log, const std::vector<removed_row>& removed) {
    for (const auto& row : removed) {
      if (log.counts(row.offset)) log.bytes -= row.bytes;
    }
  }

  rest remove_repeats(open_log& log, wall_time before) {
    auto slice = log.repeats->remove_some(before, slice_time);
    uncount(log, slice.removed);
    return slice.waits ? rest::later : rest_of(slice.more);
  }

  /// Gives free pages, which compaction and retention leave, back to the file system. Returns true
  /// if more pages are free than will be used soon.
  bool give_pages_back() {
    auto free_pages = db_->execAndGet("PRAGMA freelist_count").getInt();
    if (free_pages == 0) return false;
    db_->exec(fmt::format("PRAGMA incremental_vacuum({})", slice_pages));
    copier_.note_given_back(std::min(free_pages, slice_pages));
    return free_pages > kept_free_pages + slice_pages;
  }

  /// Returns the first offset that some group has not processed; the start if there is no group.
  std::int64_t uncommitted_from(const open_log& log) {
    SQLite::Statement least(*db_, "SELECT coalesce(min(next), 0) FROM offsets WHERE number=?");
    least.bind(1, log.number);
    least.executeStep();
    return least.getColumn(0).getInt64();
  }

  std::filesystem::path file_;
  folder_lock lock_;
  disk_floor floor_;
  std::unique_ptr<SQLite::Database> db_;
  local::layout layout_;
  SQLite::Statement set_next_;
  SQLite::Statement set_offset_;
  event_loop background_{"queue-tidy"};
  std::vector<open_log> logs_;
  local::log_sizes sizes_;
  log_index next_job_ = 0;   ///< the job at which maintenance continues
  log_index done_jobs_ = 0;  ///< consecutive jobs without more work
  bool waits_ = false;       ///< one of the jobs waits for the background thread
  log_copier copier_;
};

}  // namespace

result<std::unique_ptr<local::log_writer>> make_sqlite_writer(std::filesystem::path file,
                                                              folder_lock lock, disk_floor floor,
                                                              opened_database database,
                                                              local::layout layout) {
  auto shown = file;
  return guarded(shown, [&]() -> result<std::unique_ptr<local::log_writer>> {
    return std::unique_ptr<local::log_writer>(
        std::make_unique<sqlite_writer>(std::move(file), std::move(lock), std::move(floor),
                                        std::move(database), std::move(layout)));
  });
}

}  // namespace sonde::queue::embedded
