#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "views/checkpointer.hpp"
#include "views/fold_weight.hpp"
#include "views/view_standing.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

/// What the views have in common. Included by this folder's sources only.
namespace sonde::views {

/// For a connection that has to wait for another one of the same file.
inline constexpr int busy_timeout_ms = 1'000;

/// The tables of one view: what they are, and what a record does to them.
class table_set {
 public:
  virtual ~table_set() = default;

  [[nodiscard]] virtual const std::vector<std::string>& topics() const = 0;
  /// Counted up whenever the tables change; a file of another version is rebuilt.
  [[nodiscard]] virtual int version() const = 0;
  virtual void create(SQLite::Database& db) = 0;
  /// Prepares statements. Called once for each database that is opened, also after a rebuild.
  virtual void open(SQLite::Database& db) = 0;
  /// Lets go of them, before the database is closed.
  virtual void close() = 0;
  /// One record, inside a transaction. False: it cannot be understood and has been skipped.
  virtual bool fold(const queue::stored_record& record) = 0;
  /// What was folded since the last call can be read now.
  virtual void committed() {}
  /// A transaction was undone: what is kept in memory must be read again.
  virtual void undone() = 0;
};

/// Folds topics into tables, in the order of each partition, for as long as it runs.
///
/// The positions stand in the same transaction as the rows, so that a view is never ahead of or
/// behind what it says. Its file can be deleted at any time; it is rebuilt from the topics. Lives
/// on one loop, which it may block.
class folding_view {
 public:
  /// No file: the tables are in memory.
  folding_view(executor loop, queue::backend& queue, table_set& tables,
               std::optional<std::filesystem::path> file, logger& log);
  ~folding_view();

  /// Folds with a lower weight while nobody waits for it and it is not behind. For a view that
  /// others read on threads of their own. Call before `start`.
  void give_way() { weight_.emplace(); }
  /// Opens the file and begins to fold. Call before the loop runs, or on it.
  [[nodiscard]] result<> start();
  /// Ends folding and closes the file. On the loop.
  awaitable<void> stop();

  /// Waits until everything has been folded that was on the topics when this was called. False at
  /// the deadline. On the loop.
  awaitable<bool> catch_up(steady_time deadline);
  /// Why it has not, for whoever waits no longer. `name` is the view's.
  [[nodiscard]] error behind(const std::string& name) const;
  /// How it gets on. A transaction that has failed is tried again, and trouble after some seconds.
  /// On the loop.
  [[nodiscard]] view_standing standing() const;

  /// Whether a position has been folded, and what it tells can be read. From any thread: who need
  /// not wait does not wait for the fold under way either.
  [[nodiscard]] bool has_passed(const std::string& topic, std::int32_t partition,
                                std::int64_t offset) const;
  /// Waits for the end of the next transaction. False at the deadline. On the loop.
  awaitable<bool> wait_for_fold(steady_time deadline);
  /// Counted up whenever the file has been opened: what others have open is another one then.
  /// From any thread.
  [[nodiscard]] std::uint64_t opened() const { return opened_; }

 private:
  using partition_key = std::pair<std::string, std::int32_t>;

  [[nodiscard]] result<> open_file();
  [[nodiscard]] bool usable();
  void make_fresh();
  void remove_file();
  awaitable<result<>> give_up_what_is_ahead();
  void load_positions();
  awaitable<void> fold_all();
  awaitable<void> fold(std::vector<queue::stored_record> batch);
  awaitable<result<>> move_to_what_is_kept();
  awaitable<void> note_first_catch_up();
  void note_reached(const std::map<partition_key, std::int64_t>& reached);
  void note_trouble(std::string what);
  /// An error where the tables could not be written; nothing has changed then.
  result<> fold_batch(const std::vector<queue::stored_record>& batch);
  [[nodiscard]] result<> fold_giving_way(const std::vector<queue::stored_record>& batch);
  [[nodiscard]] std::vector<queue::position> resume_positions() const;

  executor loop_;
  queue::backend& queue_;
  table_set& tables_;
  std::optional<std::filesystem::path> file_;
  logger& log_;
  std::unique_ptr<SQLite::Database> db_;
  std::unique_ptr<checkpointer> checkpointer_;  ///< of the file
  mutable std::mutex next_mutex_;               ///< the loop writes `next_`, others read it
  std::map<partition_key, std::int64_t> next_;  ///< the next offset to fold
  std::unique_ptr<queue::reader> reader_;
  task_group work_;
  task_group folding_;                 ///< an exception that ends it is trouble of the view
  condition changed_;                  ///< announced after every transaction
  std::size_t waiting_ = 0;            ///< that wait for one
  std::optional<fold_weight> weight_;  ///< of the loop's thread, where it gives way
  bool caught_up_once_ = false;
  std::atomic<std::uint64_t> opened_ = 0;
  std::string trouble_;  ///< why the last transaction was none; empty where it was one
  steady_time trouble_since_{};
  stop_signal stop_;
};

}  // namespace sonde::views
