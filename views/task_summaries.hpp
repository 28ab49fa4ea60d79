#pragma once

#include "views/port_lists.hpp"
#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// Converts `produced` to its column; `produced_in` is the inverse.
[[nodiscard]] std::string to_column(const std::vector<model::produced_position>& produced);
[[nodiscard]] std::vector<model::produced_position> produced_in(const std::string& column);

/// Reads tasks for lists and for waiting readers from columns, without parsing a snapshot. Internal
/// to this folder.
class task_summaries {
 public:
  task_summaries(SQLite::Database& db, port_lists& lists);

  /// Returns the task whose current generation has this id.
  [[nodiscard]] std::optional<listed_task> find(const model::task_id& id);
  /// Returns the values that a waiting reader of this id compares. Returns nothing if the id is not
  /// that of the current generation.
  [[nodiscard]] std::optional<task_mark> mark_of(const model::target_key& key,
                                                 const model::task_id& id);
  /// Returns the size of the task's JSON.
  [[nodiscard]] std::size_t bytes_of(const model::target_key& key);

 private:
  port_lists& lists_;
  SQLite::Statement find_;
  SQLite::Statement find_mark_;
  SQLite::Statement find_bytes_;
};

}  // namespace sonde::views
