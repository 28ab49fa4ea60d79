#include "views/folding_view.hpp"

#include "base/async/retry.hpp"
#include "queue/consume.hpp"
#include "queue/errc.hpp"

#include <chrono>
#include <stdexcept>

namespace sonde::views {
namespace {

namespace fs = std::filesystem;

/// `SonV`: marks a view's file, not the queue's.
constexpr int application_id = 0x536f6e56;
constexpr retry_policy view_retries{std::chrono::milliseconds(500),
                                    std::chrono::milliseconds(5'000)};
/// KiB of pages that each view caches; all others are in the kernel's page cache.
constexpr int view_cache_kib = 16 << 10;
/// Another program may lock the file for less than this without the view reporting an error.
constexpr std::chrono::seconds passing_error{5};
/// A batch of this size shows that more records wait on the topics.
constexpr std::size_t records_when_behind = 256;

}  // namespace

folding_view::folding_view(executor loop, queue::backend& queue, table_set& tables,
                           std::optional<fs::path> file, logger& log)
    : queue_(queue),
      tables_(tables),
      file_(std::move(file)),
      log_(log),
      follower_(loop, queue, tables.topics(), log),
      work_(loop, log, "view"),
      folding_(loop, log, "folding", [this](const error& why) { note_error(why.message()); }) {
  if (file_) checkpointer_ = std::make_unique<checkpointer>(*file_, log);
}

folding_view::~folding_view() {
  tables_.close();
}

result<> folding_view::start() {
  auto opened = open_file();
  if (!opened) return opened.error();
  follower_.restart(*opened);
  folding_.spawn(fold_all());
  return {};
}

awaitable<void> folding_view::stop() {
  follower_.stop();
  folding_.cancel();
  work_.cancel();
  follower_.announce();
  co_await folding_.join();
  co_await work_.join();
}

result<std::vector<queue::position>> folding_view::open_file() {
  auto name = file_ ? file_->string() : std::string(":memory:");
  auto flags = SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
  try {
    db_ = std::make_unique<SQLite::Database>(name, flags);
    if (!usable()) {
      remove_file();
      db_ = std::make_unique<SQLite::Database>(name, flags);
    }
    db_->exec("PRAGMA journal_mode=WAL");
    db_->exec("PRAGMA synchronous=NORMAL");
    db_->setBusyTimeout(busy_timeout_ms);
    db_->exec("PRAGMA temp_store=MEMORY");
    db_->exec("PRAGMA cache_size=-" + std::to_string(view_cache_kib));
    if (db_->execAndGet("PRAGMA user_version").getInt() == 0) make_fresh();
    tables_.open(*db_);
    if (file_) checkpointer_->watch(*db_);
    auto positions = stored_positions();
    ++opened_;
    return positions;
  } catch (const std::exception& e) {
    return fail(queue::errc::unavailable, "the view " + name + " cannot be opened: " + e.what());
  }
}

/// Returns true if the file is usable: this version, the same topics, not damaged.
bool folding_view::usable() {
  try {
    int version = db_->execAndGet("PRAGMA user_version").getInt();
    if (version == 0) return db_->execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
    if (version != tables_.version() ||
        db_->execAndGet("PRAGMA application_id").getInt() != application_id ||
        db_->execAndGet("SELECT identity FROM folded").getString() != queue_.identity()) {
      log_.info("rebuilding a view from its topics", {{"file", file_->string()}});
      return false;
    }
    return true;
  } catch (const SQLite::Exception& e) {
    log_.warning("file of a view unreadable; rebuilding the view from its topics",
                 {{"file", file_->string()}, {"reason", e.what()}});
    return false;
  }
}

void folding_view::remove_file() {
  db_.reset();
  if (!file_) return;
  // A crash may leave the two other files.
  for (const char* suffix : {"", "-wal", "-shm"})
    fs::remove(file_->string() + suffix);
}

/// Rebuilds a view that has folded more than its topics hold, for example after the queue was
/// restored from a backup. Fails if the queue cannot report the ends of the topics.
awaitable<result<>> folding_view::give_up_what_is_ahead() {
  auto ends = co_await queue_.ends(tables_.topics());
  if (!ends) co_return ends.error();
  if (!follower_.is_ahead_of(*ends)) co_return result<>();
  log_.warning("a view is ahead of its topics; rebuilding it",
               {{"file", file_ ? file_->string() : std::string()}});
  tables_.close();
  remove_file();
  auto opened = open_file();
  if (!opened) {
    log_.error("a view cannot be rebuilt in its file; keeping it in memory",
               {{"reason", opened.error().message()}});
    file_.reset();
    checkpointer_.reset();
    opened = open_file();
  }
  if (!opened) throw std::runtime_error(opened.error().message());
  follower_.restart(*opened);
  co_return result<>();
}

void folding_view::make_fresh() {
  SQLite::Transaction all(*db_, SQLite::TransactionBehavior::IMMEDIATE);
  db_->exec(
      "CREATE TABLE positions(topic TEXT, partition INTEGER, next INTEGER,"
      " PRIMARY KEY(topic, partition))");
  db_->exec("CREATE TABLE folded(identity TEXT NOT NULL)");
  SQLite::Statement identity(*db_, "INSERT INTO folded VALUES(?)");
  identity.bind(1, queue_.identity());
  identity.exec();
  tables_.create(*db_);
  db_->exec("PRAGMA application_id=" + std::to_string(application_id));
  db_->exec("PRAGMA user_version=" + std::to_string(tables_.version()));
  all.commit();
}

std::vector<queue::position> folding_view::stored_positions() {
  std::vector<queue::position> out;
  SQLite::Statement all(*db_, "SELECT topic, partition, next FROM positions");
  while (all.executeStep()) {
    out.push_back(
        {all.getColumn(0).getString(), all.getColumn(1).getInt(), all.getColumn(2).getInt64()});
  }
  return out;
}

awaitable<void> folding_view::fold_all() {
  std::function<awaitable<result<>>()> check = [this] { return give_up_what_is_ahead(); };
  auto sound = co_await retry(view_retries, follower_.stopping(), log_,
                              "cannot query the end of a view's topics", std::move(check));
  if (!sound) co_return;
  work_.spawn(note_first_catch_up());
  topic_follower::callbacks ours;
  ours.fold = [this](std::vector<queue::stored_record> batch) { return fold(std::move(batch)); };
  // The records that retention has deleted were short-lived, or later records repeat them.
  ours.overtaken = [this]() -> awaitable<void> {
    std::function<awaitable<result<>>()> skip = [this] { return follower_.skip_deleted(); };
    co_await retry(view_retries, follower_.stopping(), log_,
                   "cannot query the start of a view's topics", std::move(skip));
  };
  ours.unreadable = "cannot read the topics of a view";
  auto ended = co_await follower_.run(std::move(ours));
  if (!ended) note_error(ended.error().message());
}

awaitable<void> folding_view::fold(std::vector<queue::stored_record> batch) {
  std::function<awaitable<result<>>()> write = [this, &batch]() -> awaitable<result<>> {
    co_return fold_giving_way(batch);
  };
  auto folded = co_await retry(view_retries, follower_.stopping(), log_, "cannot write a view",
                               std::move(write));
  if (!folded) co_return;
  follower_.announce();
  if (checkpointer_ && checkpointer_->is_due()) work_.spawn(checkpointer_->copy());
}

/// Lowers the weight only during the fold: other work of the thread has the usual weight.
result<> folding_view::fold_giving_way(const std::vector<queue::stored_record>& batch) {
  bool hurried = follower_.is_awaited() || batch.size() >= records_when_behind;
  if (!weight_ || hurried) return fold_batch(batch);
  weight_->lower();
  auto folded = fold_batch(batch);
  weight_->raise();
  return folded;
}

result<> folding_view::fold_batch(const std::vector<queue::stored_record>& batch) {
  try {
    SQLite::Transaction all(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    for (const auto& one : batch) {
      if (!tables_.fold(one)) {
        log_.warning("invalid record; skipping it",
                     {{"topic", one.what.topic}, {"offset", one.offset}});
      }
    }
    auto reached = queue::positions_after(batch);
    SQLite::Statement move(*db_,
                           "INSERT INTO positions VALUES(?1, ?2, ?3)"
                           " ON CONFLICT(topic, partition) DO UPDATE SET next=?3");
    for (const auto& place : reached) {
      move.reset();
      move.bind(1, place.topic);
      move.bind(2, place.partition);
      move.bind(3, place.offset);
      move.exec();
    }
    all.commit();
    follower_.advance(reached);
    tables_.committed();
    error_.clear();
    return {};
  } catch (const SQLite::Exception& e) {
    tables_.undone();
    note_error(e.what());
    return fail(queue::errc::unavailable, error_);
  }
}

void folding_view::note_error(std::string what) {
  if (error_.empty()) error_since_ = std::chrono::steady_clock::now();
  error_ = std::move(what);
}

view_health folding_view::health() const {
  bool lasts = std::chrono::steady_clock::now() - error_since_ >= passing_error;
  return {caught_up_once_, lasts ? error_ : std::string()};
}

awaitable<result<>> folding_view::catch_up(steady_time deadline) {
  bool in_time = co_await follower_.catch_up(deadline);
  if (in_time) co_return result<>();
  auto why = error_.empty() ? "is behind its topics" : "cannot be written (" + error_ + ")";
  co_return fail(queue::errc::unavailable,
                 "the " + tables_.name() + " view " + why + "; try again later");
}

awaitable<void> folding_view::note_first_catch_up() {
  caught_up_once_ = co_await follower_.catch_up(steady_time::max());
  follower_.announce();
}

}  // namespace sonde::views
