#include "queue/embedded/record_codec.hpp"
#include "queue/embedded/sqlite_log.hpp"
#include "queue/errc.hpp"

#include <fmt/core.h>

namespace sonde::queue::embedded {
namespace {

using local::group_offset;
using local::log_bounds;
using local::log_index;

std::string text_of(const SQLite::Column& column) {
  auto size = static_cast<std::size_t>(column.getBytes());
  return size == 0 ? std::string() : std::string(static_cast<const char*>(column.getBlob()), size);
}

class sqlite_reader final : public local::log_reader {
 public:
  sqlite_reader(std::filesystem::path file, opened_database database, local::layout layout)
      : file_(std::move(file)),
        db_(std::move(database.db)),
        numbers_(std::move(database.numbers)),
        layout_(std::move(layout)),
        selects_(numbers_.size()) {}

  result<std::vector<stored_record>> read(log_index log, std::int64_t from, std::size_t records,
                                          std::size_t bytes) override {
    return guarded(file_, [&]() -> result<std::vector<stored_record>> {
      if (auto kept = check_kept(log, from); !kept) return kept.error();
      auto& select = select_of(log);
      select.reset();
      select.bind(1, from);
      select.bind(2, static_cast<std::int64_t>(records));
      std::vector<stored_record> out;
      std::size_t size = 0;
      while (size < bytes && select.executeStep()) {
        auto one = row(select, log);
        if (!one) return one.error();
        size += one->what.key.size() + one->what.value.size();
        out.push_back(std::move(*one));
      }
      select.reset();  // ends the read transaction, so that the WAL can shrink
      return out;
    });
  }

  result<std::vector<log_bounds>> bounds() override {
    return guarded(file_, [&]() -> result<std::vector<log_bounds>> {
      std::vector<log_bounds> out;
      SQLite::Statement find(*db_, "SELECT start, next FROM logs WHERE number=?");
      for (auto number : numbers_) {
        find.reset();
        find.bind(1, number);
        find.executeStep();
        out.push_back({find.getColumn(0).getInt64(), find.getColumn(1).getInt64()});
      }
      return out;
    });
  }

  result<std::vector<group_offset>> committed() override {
    return guarded(file_, [&]() -> result<std::vector<group_offset>> {
      std::vector<group_offset> out;
      SQLite::Statement all(*db_, "SELECT consumer_group, number, next FROM offsets");
      while (all.executeStep()) {
        auto number = all.getColumn(1).getInt64();
        for (log_index log = 0; log < numbers_.size(); ++log) {
          if (numbers_[log] != number) continue;
          out.push_back({all.getColumn(0).getString(), log, all.getColumn(2).getInt64()});
        }
      }
      return out;
    });
  }

 private:
  SQLite::Statement& select_of(log_index log) {
    if (!selects_[log]) {
      auto sql = "SELECT offset, time, key, value, headers, checksum FROM " +
                 table_of(numbers_[log]) + " WHERE offset >= ? ORDER BY offset LIMIT ?";
      selects_[log] = std::make_unique<SQLite::Statement>(*db_, sql);
    }
    return *selects_[log];
  }

  result<> check_kept(log_index log, std::int64_t from) {
    const auto& spec = layout_.spec(log);
    // Also applies to topics that expire nothing now: records may have expired under other
    // settings.
    if (spec.policy == cleanup::compact) return {};
    if (!start_of_) {
      start_of_ =
          std::make_unique<SQLite::Statement>(*db_, "SELECT start FROM logs WHERE number=?");
    }
    start_of_->reset();
    start_of_->bind(1, numbers_[log]);
    start_of_->executeStep();
    auto start = start_of_->getColumn(0).getInt64();
    start_of_->reset();
    if (from >= start) return {};
    return fail(
        errc::out_of_range,
        fmt::format("offset {} of {} is no longer kept; the first offset that is kept is {}", from,
                    spec.name, start));
  }

  result<stored_record> row(SQLite::Statement& select, log_index log) {
    stored_record out;
    out.offset = select.getColumn(0).getInt64();
    out.time = wall_time(std::chrono::milliseconds(select.getColumn(1).getInt64()));
    out.partition = layout_.partition(log);
    out.what.topic = layout_.spec(log).name;
    out.what.key = text_of(select.getColumn(2));
    out.what.value = text_of(select.getColumn(3));
    auto headers = text_of(select.getColumn(4));
    auto checksum = row_checksum(out.offset, out.what.key, out.what.value, headers);
    auto decoded = decode_headers(headers);
    if (!decoded || select.getColumn(5).getInt64() != static_cast<std::int64_t>(checksum)) {
      return fail(errc::damaged,
                  fmt::format("{}: record {} of {} is damaged; restore the file from a backup",
                              file_.string(), out.offset, out.what.topic));
    }
    out.what.headers = std::move(*decoded);
    return out;
  }

  std::filesystem::path file_;
  std::unique_ptr<SQLite::Database> db_;
  std::vector<std::int64_t> numbers_;
  local::layout layout_;
  std::vector<std::unique_ptr<SQLite::Statement>> selects_;
  std::unique_ptr<SQLite::Statement> start_of_;
};

}  // namespace

std::unique_ptr<local::log_reader> make_sqlite_reader(std::filesystem::path file,
                                                      opened_database database,
                                                      local::layout layout) {
  return std::make_unique<sqlite_reader>(std::move(file), std::move(database), std::move(layout));
}

}  // namespace sonde::queue::embedded
