#include "views/folding_view.hpp"

#include "base/async/retry.hpp"
#include "queue/consume.hpp"
#include "queue/errc.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace sonde::views {
namespace {

namespace fs = std::filesystem;

/// `SonV`: a view's file, not the queue's.
constexpr int application_id = 0x536f6e56;
constexpr retry_policy view_retries{std::chrono::milliseconds(500),
                                    std::chrono::milliseconds(5'000)};
/// KiB of pages that each view keeps; all others are in the kernel's page cache.
constexpr int view_cache_kib = 16 << 10;
/// Another program that holds the file for less is no trouble.
constexpr std::chrono::seconds passing_trouble{5};
/// A batch of so many says that more wait on the topics.
constexpr std::size_t records_when_behind = 256;

}  // namespace

folding_view::folding_view(executor loop, queue::backend& queue, table_set& tables,
                           std::optional<fs::path> file, logger& log)
    : loop_(loop),
      queue_(queue),
      tables_(tables),
      file_(std::move(file)),
      log_(log),
      work_(loop, log, "view"),
      folding_(loop, log, "folding", [this](const error& why) { note_trouble(why.message()); }),
      changed_(loop),
      stop_(loop) {
  if (file_) checkpointer_ = std::make_unique<checkpointer>(*file_, log);
}

folding_view::~folding_view() {
  tables_.close();
}

result<> folding_view::start() {
  if (auto opened = open_file(); !opened) return opened;
  reader_ = queue_.read_from(tables_.topics(), resume_positions());
  folding_.spawn(fold_all());
  return {};
}

awaitable<void> folding_view::stop() {
  stop_.request();
  if (reader_) reader_->close();
  folding_.cancel();
  work_.cancel();
  changed_.notify_all();
  co_await folding_.join();
  co_await work_.join();
}

result<> folding_view::open_file() {
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
    load_positions();
    if (file_) checkpointer_->watch(*db_);
    ++opened_;
  } catch (const std::exception& e) {
    return fail(queue::errc::unavailable, "the view " + name + " cannot be opened: " + e.what());
  }
  return {};
}

/// A file of another version, of other topics, or damaged is of no use.
bool folding_view::usable() {
  try {
    int version = db_->execAndGet("PRAGMA user_version").getInt();
    if (version == 0) return db_->execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
    if (version != tables_.version() ||
        db_->execAndGet("PRAGMA application_id").getInt() != application_id ||
        db_->execAndGet("SELECT identity FROM folded").getString() != queue_.identity()) {
      log_.info("a view is rebuilt from its topics", {{"file", file_->string()}});
      return false;
    }
    return true;
  } catch (const SQLite::Exception& e) {
    log_.warning("a view cannot be read and is rebuilt from its topics",
                 {{"file", file_->string()}, {"reason", e.what()}});
    return false;
  }
}

void folding_view::remove_file() {
  db_.reset();
  if (!file_) return;
  // Also what a crash may have left beside it.
  for (const char* suffix : {"", "-wal", "-shm"})
    fs::remove(file_->string() + suffix);
}

/// A view that has folded what its topics do not hold is not theirs: a backup of the queue has been
/// put back, perhaps. It is rebuilt. An error: the topics cannot be asked.
awaitable<result<>> folding_view::give_up_what_is_ahead() {
  auto ends = co_await queue_.ends(tables_.topics());
  if (!ends) co_return ends.error();
  auto ahead = [this](const queue::position& end) {
    auto place = next_.find({end.topic, end.partition});
    return place != next_.end() && place->second > end.offset;
  };
  if (std::ranges::none_of(*ends, ahead)) co_return result<>();
  log_.warning("a view is ahead of its topics and is rebuilt from them",
               {{"file", file_ ? file_->string() : std::string()}});
  tables_.close();
  remove_file();
  auto opened = open_file();
  if (!opened) {
    log_.error("a view cannot be rebuilt in its file, and is kept in memory",
               {{"reason", opened.error().message()}});
    file_.reset();
    checkpointer_.reset();
    opened = open_file();
  }
  if (!opened) throw std::runtime_error(opened.error().message());
  reader_ = queue_.read_from(tables_.topics(), resume_positions());
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

void folding_view::load_positions() {
  std::lock_guard lock(next_mutex_);
  next_.clear();
  SQLite::Statement all(*db_, "SELECT topic, partition, next FROM positions");
  while (all.executeStep()) {
    next_[{all.getColumn(0).getString(), all.getColumn(1).getInt()}] = all.getColumn(2).getInt64();
  }
}

std::vector<queue::position> folding_view::resume_positions() const {
  std::vector<queue::position> out;
  for (const auto& [place, next] : next_)
    out.push_back({place.first, place.second, next});
  return out;
}

awaitable<void> folding_view::fold_all() {
  std::function<awaitable<result<>>()> check = [this] { return give_up_what_is_ahead(); };
  auto sound = co_await retry(view_retries, stop_, log_, "a view cannot ask where its topics end",
                              std::move(check));
  if (!sound) co_return;
  work_.spawn(note_first_catch_up());
  queue::take_function take = [this](std::vector<queue::stored_record> batch) {
    return fold(std::move(batch));
  };
  while (!stop_.requested()) {
    auto ended =
        co_await queue::follow(*reader_, take, stop_, log_, "a view cannot read its topics");
    if (ended) co_return;
    if (ended.error().code != make_error_code(queue::errc::out_of_range)) {
      note_trouble(ended.error().message());
      co_return;
    }
    std::function<awaitable<result<>>()> move_on = [this] { return move_to_what_is_kept(); };
    co_await retry(view_retries, stop_, log_, "a view cannot ask where its topics begin",
                   std::move(move_on));
  }
}

awaitable<void> folding_view::fold(std::vector<queue::stored_record> batch) {
  std::function<awaitable<result<>>()> write = [this, &batch]() -> awaitable<result<>> {
    co_return fold_giving_way(batch);
  };
  auto folded =
      co_await retry(view_retries, stop_, log_, "a view cannot be written", std::move(write));
  if (!folded) co_return;
  changed_.notify_all();
  if (checkpointer_ && checkpointer_->is_due()) work_.spawn(checkpointer_->copy());
}

/// Retention has passed this view by. What it missed was either short-lived or is in later records.
awaitable<result<>> folding_view::move_to_what_is_kept() {
  auto starts = co_await queue_.starts(tables_.topics());
  if (!starts) co_return starts.error();
  for (const auto& start : *starts) {
    std::lock_guard lock(next_mutex_);
    auto& next = next_[{start.topic, start.partition}];
    if (next >= start.offset) continue;
    log_.warning("a view goes on where its topic now begins",
                 {{"topic", start.topic}, {"from", next}, {"to", start.offset}});
    next = start.offset;
  }
  reader_ = queue_.read_from(tables_.topics(), resume_positions());
  co_return result<>();
}

/// Only while it folds: other work of the thread has the usual weight.
result<> folding_view::fold_giving_way(const std::vector<queue::stored_record>& batch) {
  bool hurried = waiting_ > 0 || batch.size() >= records_when_behind;
  if (!weight_ || hurried) return fold_batch(batch);
  weight_->lower();
  auto folded = fold_batch(batch);
  weight_->raise();
  return folded;
}

result<> folding_view::fold_batch(const std::vector<queue::stored_record>& batch) {
  try {
    SQLite::Transaction all(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    std::map<partition_key, std::int64_t> reached;
    for (const auto& one : batch) {
      if (!tables_.fold(one)) {
        log_.warning("a record cannot be understood and is skipped",
                     {{"topic", one.what.topic}, {"offset", one.offset}});
      }
      reached[{one.what.topic, one.partition}] = one.offset + 1;
    }
    SQLite::Statement move(*db_,
                           "INSERT INTO positions VALUES(?1, ?2, ?3)"
                           " ON CONFLICT(topic, partition) DO UPDATE SET next=?3");
    for (const auto& [place, next] : reached) {
      move.reset();
      move.bind(1, place.first);
      move.bind(2, place.second);
      move.bind(3, next);
      move.exec();
    }
    all.commit();
    note_reached(reached);
    tables_.committed();
    trouble_.clear();
    return {};
  } catch (const SQLite::Exception& e) {
    tables_.undone();
    note_trouble(e.what());
    return fail(queue::errc::unavailable, trouble_);
  }
}

void folding_view::note_reached(const std::map<partition_key, std::int64_t>& reached) {
  std::lock_guard lock(next_mutex_);
  for (const auto& [place, next] : reached)
    next_[place] = next;
}

void folding_view::note_trouble(std::string what) {
  if (trouble_.empty()) trouble_since_ = std::chrono::steady_clock::now();
  trouble_ = std::move(what);
}

view_standing folding_view::standing() const {
  bool lasts = std::chrono::steady_clock::now() - trouble_since_ >= passing_trouble;
  return {caught_up_once_, lasts ? trouble_ : std::string()};
}

error folding_view::behind(const std::string& name) const {
  auto why = trouble_.empty() ? "is behind its topics" : "cannot be written (" + trouble_ + ")";
  return fail(queue::errc::unavailable, "the " + name + " view " + why + "; try again later");
}

bool folding_view::has_passed(const std::string& topic, std::int32_t partition,
                              std::int64_t offset) const {
  std::lock_guard lock(next_mutex_);
  auto place = next_.find({topic, partition});
  return place != next_.end() && place->second > offset;
}

awaitable<bool> folding_view::wait_for_fold(steady_time deadline) {
  struct count_in {
    explicit count_in(std::size_t& waiting) : waiting_(waiting) { ++waiting_; }
    ~count_in() { --waiting_; }
    count_in(const count_in&) = delete;
    count_in& operator=(const count_in&) = delete;
    std::size_t& waiting_;
  };
  count_in self(waiting_);
  bool announced = co_await changed_.wait_until(deadline);
  co_return announced;
}

awaitable<bool> folding_view::catch_up(steady_time deadline) {
  auto topics = tables_.topics();
  auto ends = co_await queue_.ends(topics);
  if (!ends) co_return false;
  auto reached = [this](const queue::position& end) {
    return end.offset == 0 || has_passed(end.topic, end.partition, end.offset - 1);
  };
  if (std::ranges::all_of(*ends, reached)) co_return true;
  auto starts = co_await queue_.starts(topics);
  if (!starts) co_return false;
  // Where everything has been removed there is nothing to wait for.
  std::erase_if(*ends, [&](const queue::position& end) {
    return std::ranges::find(*starts, end) != starts->end();
  });
  while (!std::ranges::all_of(*ends, reached)) {
    bool in_time = co_await wait_for_fold(deadline);
    if (stop_.requested() || !in_time) co_return false;
  }
  co_return !stop_.requested();
}

awaitable<void> folding_view::note_first_catch_up() {
  caught_up_once_ = co_await catch_up(steady_time::max());
  changed_.notify_all();
}

}  // namespace sonde::views
