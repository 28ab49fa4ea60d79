#include "queue/embedded/database.hpp"

#include "queue/errc.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <optional>

namespace sonde::queue::embedded {
namespace {

namespace fs = std::filesystem;

/// The time for which a statement waits until another program (a backup, the sqlite3 shell)
/// releases its lock.
constexpr int busy_timeout_ms = 5'000;
/// Larger files are not checked as a whole at each start. The checksum of each record is always
/// checked when the record is read.
constexpr std::uintmax_t checked_whole_bytes = 64U << 20U;

std::string backup_advice(const fs::path& file) {
  return "; restore it from a backup, or move it away to start with an empty queue (sqlite3 " +
         file.string() + " .recover may save what is readable)";
}

void configure(SQLite::Database& db) {
  db.exec("PRAGMA journal_mode=WAL");
  db.exec("PRAGMA synchronous=FULL");
  db.exec("PRAGMA temp_store=MEMORY");
  // The writer makes checkpoints itself and checks their outcome. SQLite's automatic checkpoints
  // ignore a failed fsync.
  db.exec("PRAGMA wal_autocheckpoint=0");
  db.exec("PRAGMA journal_size_limit=67108864");
}

result<> check_identity(SQLite::Database& db, const fs::path& file) {
  int id = db.execAndGet("PRAGMA application_id").getInt();
  int version = db.execAndGet("PRAGMA user_version").getInt();
  if (id != application_id) {
    return fail(
        errc::not_ours,
        file.string() +
            " was not created by sonde; move it away, or choose another folder with --data-dir");
  }
  if (version != schema_version) {
    return fail(errc::unknown_schema,
                fmt::format("{} has schema version {} and this sonde supports version {}; use the "
                            "sonde that wrote it, or a later one",
                            file.string(), version, schema_version));
  }
  return {};
}

result<> check_integrity(SQLite::Database& db, const fs::path& file) {
  std::error_code ignored;
  if (fs::file_size(file, ignored) > checked_whole_bytes) return {};
  auto verdict = db.execAndGet("PRAGMA quick_check(1)").getString();
  std::ranges::replace(verdict, '\n', ' ');
  if (verdict == "ok") return {};
  return fail(errc::damaged, file.string() + " is damaged (" + verdict + ")" + backup_advice(file));
}

void create_schema(SQLite::Database& db) {
  db.exec(
      "CREATE TABLE logs(number INTEGER PRIMARY KEY, topic TEXT NOT NULL,"
      "  partition INTEGER NOT NULL, start INTEGER NOT NULL, next INTEGER NOT NULL,"
      "  UNIQUE(topic, partition));"
      "CREATE TABLE offsets(consumer_group TEXT NOT NULL, number INTEGER NOT NULL,"
      "  next INTEGER NOT NULL, UNIQUE(consumer_group, number));"
      "CREATE TABLE identity(id TEXT NOT NULL);"
      "INSERT INTO identity VALUES(lower(hex(randomblob(16))))");
  db.exec("PRAGMA application_id=" + std::to_string(application_id));
  db.exec("PRAGMA user_version=" + std::to_string(schema_version));
}

/// Returns the number of a log in the file, or nothing if the file does not have that log.
result<std::optional<std::int64_t>> number_of(SQLite::Database& db, const local::layout& layout,
                                              local::log_index log) {
  const auto& spec = layout.spec(log);
  SQLite::Statement partitions(db, "SELECT count(*) FROM logs WHERE topic=?");
  partitions.bind(1, spec.name);
  partitions.executeStep();
  int there = partitions.getColumn(0).getInt();
  if (there == 0) return std::optional<std::int64_t>();
  if (there != spec.partitions && layout.partition(log) == 0) {
    return fail(errc::mismatch,
                fmt::format("topic {} has {} partitions in the queue file and should have {}; "
                            "partitions cannot be changed afterwards",
                            spec.name, there, spec.partitions));
  }
  SQLite::Statement find(db, "SELECT number FROM logs WHERE topic=? AND partition=?");
  find.bind(1, spec.name);
  find.bind(2, layout.partition(log));
  if (!find.executeStep()) return std::optional<std::int64_t>();
  return std::optional(find.getColumn(0).getInt64());
}

std::int64_t create_log(SQLite::Database& db, const topic_spec& spec, std::int32_t partition) {
  SQLite::Statement add(db, "INSERT INTO logs(topic, partition, start, next) VALUES(?, ?, 0, 0)");
  add.bind(1, spec.name);
  add.bind(2, partition);
  add.exec();
  auto number = db.getLastInsertRowid();
  auto table = table_of(number);
  db.exec("CREATE TABLE " + table +
          "(offset INTEGER PRIMARY KEY, time INTEGER NOT NULL, key BLOB NOT NULL,"
          " value BLOB NOT NULL, headers BLOB NOT NULL, checksum INTEGER NOT NULL)");
  if (spec.policy == cleanup::compact) {
    db.exec("CREATE INDEX " + table + "_key ON " + table + "(key, offset)");
  }
  return number;
}

/// Returns true if the file is empty or holds only SQLite's header.
bool is_fresh(SQLite::Database& db) {
  return db.execAndGet("PRAGMA application_id").getInt() == 0 &&
         db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
}

}  // namespace

std::string table_of(std::int64_t number) {
  return "log_" + std::to_string(number);
}

error error_of(const SQLite::Exception& e, const fs::path& file) {
  auto at = file.string() + ": ";
  int extended = e.getExtendedErrorCode();
  switch (extended) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
      return fail(errc::broken, at + "the disk did not confirm a write (fsync failed); what it "
                                     "holds is unknown until the queue is opened again");
    case SQLITE_IOERR_SHMSIZE:
      return fail(errc::no_space,
                  at + "the disk is full; writing resumes when there is free space");
    default: break;
  }
  switch (extended & 0xFF) {
    case SQLITE_FULL:
      return fail(errc::no_space,
                  at + "the disk is full; writing resumes when there is free space");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return fail(errc::read_only, at + "cannot be written to; check the file's owner and mode and "
                                        "whether the file system is mounted read-only");
    case SQLITE_CANTOPEN: return fail(errc::read_only, at + "cannot be opened or created");
    case SQLITE_NOTADB:
      return fail(errc::not_ours,
                  at + "is not a queue file, or its head is damaged" + backup_advice(file));
    case SQLITE_CORRUPT: return fail(errc::damaged, at + "is damaged" + backup_advice(file));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(errc::unavailable, at + "another program holds the file locked");
    default: return fail(errc::unavailable, at + e.what());
  }
}

result<opened_database> open_for_writing(const fs::path& file, const local::layout& layout) {
  return guarded(file, [&]() -> result<opened_database> {
    opened_database out;
    out.db = std::make_unique<SQLite::Database>(file.string(),
                                                SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    auto& db = *out.db;
    db.setBusyTimeout(busy_timeout_ms);
    bool fresh = is_fresh(db);
    if (fresh) {
      db.exec("PRAGMA auto_vacuum=INCREMENTAL");
    } else {
      if (auto known = check_identity(db, file); !known) return known.error();
      if (auto whole = check_integrity(db, file); !whole) return whole.error();
    }
    configure(db);
    SQLite::Transaction all(db, SQLite::TransactionBehavior::IMMEDIATE);
    if (fresh) create_schema(db);
    for (local::log_index log = 0; log < layout.logs(); ++log) {
      auto number = number_of(db, layout, log);
      if (!number) return number.error();
      out.numbers.push_back(*number ? **number
                                    : create_log(db, layout.spec(log), layout.partition(log)));
    }
    all.commit();
    out.identity = db.execAndGet("SELECT id FROM identity").getString();
    return out;
  });
}

result<opened_database> open_for_reading(const fs::path& file, const local::layout& layout) {
  return guarded(file, [&]() -> result<opened_database> {
    opened_database out;
    out.db = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READONLY);
    out.db->setBusyTimeout(busy_timeout_ms);
    if (auto known = check_identity(*out.db, file); !known) return known.error();
    for (local::log_index log = 0; log < layout.logs(); ++log) {
      auto number = number_of(*out.db, layout, log);
      if (!number) return number.error();
      if (!*number) {
        return fail(errc::mismatch, file.string() + " has no topic " + layout.spec(log).name +
                                        "; start `sonde serve` on it once");
      }
      out.numbers.push_back(**number);
    }
    out.identity = out.db->execAndGet("SELECT id FROM identity").getString();
    return out;
  });
}

}  // namespace sonde::queue::embedded
