#pragma once

#include "views/named_statement.hpp"
#include "views/port_lists.hpp"
#include "views/recent_rows.hpp"
#include "views/task_row.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>

namespace sonde::views {

/// Reads and writes the rows of the table `tasks`. Internal to this folder.
///
/// Nothing else writes this table. Call `forget` after a transaction that was rolled back.
class task_rows {
 public:
  /// `db` and `lists` must outlive this.
  task_rows(SQLite::Database& db, port_lists& lists);
  static void create(SQLite::Database& db);

  [[nodiscard]] std::optional<task_row> find(const model::target_key& key);
  /// Returns the row of a task that a record may change, or an empty row. The caller passes it to
  /// `store`, or to `keep` if the record has changed nothing.
  [[nodiscard]] task_row take(const model::target_key& key);
  void keep(task_row row);
  void store(task_row row, std::int32_t partition);
  void forget() { recent_.clear(); }

  /// Returns the task with its JSON as a row holds it. `json` is what `to_json_text` returns, or
  /// the record that `task` was parsed from.
  [[nodiscard]] stored_task stored(model::scan_task task, const std::string& json);

 private:
  [[nodiscard]] std::optional<stored_task> read(const SQLite::Column& column);

  port_lists& lists_;
  recent_rows recent_;  ///< as they are in the table
  SQLite::Statement find_;
  named_statement store_;
};

}  // namespace sonde::views
