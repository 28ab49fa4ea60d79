#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "views/checkpointer.hpp"
#include "views/fold_weight.hpp"
#include "views/topic_follower.hpp"
#include "views/view_health.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The common parts of the views. Only sources of this folder include this header.
namespace sonde::views {

/// The time that a connection waits for another connection of the same file.
inline constexpr int busy_timeout_ms = 1'000;

/// The tables of one view: their schema, and the effect of a record on them.
class table_set {
 public:
  virtual ~table_set() = default;

  /// Returns the name of the view, as errors show it.
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& topics() const = 0;
  /// Returns the schema version, which increases with every change of the tables. A file of another
  /// version is rebuilt.
  [[nodiscard]] virtual int version() const = 0;
  virtual void create(SQLite::Database& db) = 0;
  /// Prepares statements. Called once for each opened database, also after a rebuild.
  virtual void open(SQLite::Database& db) = 0;
  /// Releases the statements before the database is closed.
  virtual void close() = 0;
  /// Folds one record inside a transaction. Returns false if the record is malformed and was
  /// skipped.
  virtual bool fold(const queue::stored_record& record) = 0;
  /// Called when the records folded since the last call are readable.
  virtual void committed() {}
  /// Called after a rollback: state kept in memory must be read again.
  virtual void undone() = 0;
};

/// Folds topics into tables, in the order of each partition, while it runs.
///
/// The positions are written in the same transaction as the rows, so they always match the rows.
/// The file can be deleted at any time; it is rebuilt from the topics. Lives on one loop, which it
/// may block.
class folding_view {
 public:
  /// Without a file the tables are in memory.
  folding_view(executor loop, queue::backend& queue, table_set& tables,
               std::optional<std::filesystem::path> file, logger& log);
  ~folding_view();

  /// Enables folding with a lower weight while no call waits for it and the view is not behind. For
  /// a view that is read on separate threads. Call before `start`.
  void give_way() { weight_.emplace(); }
  /// Opens the file and starts folding. Call before the loop runs, or on it.
  [[nodiscard]] result<> start();
  /// Stops folding; the destructor closes the file. Called on the loop.
  awaitable<void> stop();

  /// Waits until all records that were on the topics at the time of the call are folded. Fails at
  /// the deadline. Called on the loop.
  awaitable<result<>> catch_up(steady_time deadline);
  /// Returns the state of the view. A failed transaction is retried; it is reported only if it
  /// still fails after some seconds. Called on the loop.
  [[nodiscard]] view_health health() const;
  /// Returns the positions of the view, and the calls that wait for them.
  [[nodiscard]] topic_follower& follower() { return follower_; }
  /// Returns a counter that increases whenever the file is opened. Other connections must then be
  /// reopened. Callable from any thread.
  [[nodiscard]] std::uint64_t opened() const { return opened_; }

 private:
  /// Returns the positions at which folding continues.
  [[nodiscard]] result<std::vector<queue::position>> open_file();
  [[nodiscard]] bool usable();
  void make_fresh();
  void remove_file();
  awaitable<result<>> give_up_what_is_ahead();
  [[nodiscard]] std::vector<queue::position> stored_positions();
  awaitable<void> fold_all();
  awaitable<void> fold(std::vector<queue::stored_record> batch);
  awaitable<void> note_first_catch_up();
  void note_error(std::string what);
  /// Folds one batch. Returns an error if the tables could not be written; nothing has changed
  /// then.
  result<> fold_batch(const std::vector<queue::stored_record>& batch);
  [[nodiscard]] result<> fold_giving_way(const std::vector<queue::stored_record>& batch);

  queue::backend& queue_;
  table_set& tables_;
  std::optional<std::filesystem::path> file_;
  logger& log_;
  std::unique_ptr<SQLite::Database> db_;
  std::unique_ptr<checkpointer> checkpointer_;  ///< of the file
  topic_follower follower_;
  task_group work_;
  task_group folding_;                 ///< an exception that ends it becomes the view's error
  std::optional<fold_weight> weight_;  ///< of the loop's thread, if it may be lowered
  bool caught_up_once_ = false;
  std::atomic<std::uint64_t> opened_ = 0;
  std::string error_;  ///< why the last transaction failed; empty if it succeeded
  steady_time error_since_{};
};

}  // namespace sonde::views
