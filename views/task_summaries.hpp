#pragma once

#include "views/port_lists.hpp"
#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// `produced` as a column holds it, and the inverse.
[[nodiscard]] std::string to_column(const std::vector<model::produced_position>& produced);
[[nodiscard]] std::vector<model::produced_position> produced_in(const std::string& column);

/// Tasks as lists show them, and as waiting readers compare them: from columns, without parsing a
/// snapshot. This folder's own.
class task_summaries {
 public:
  task_summaries(SQLite::Database& db, port_lists& lists);

  /// The task whose current generation has this id.
  [[nodiscard]] std::optional<listed_task> find(const model::task_id& id);
  /// What a reader of this id compares. Nothing where it is not the current generation's.
  [[nodiscard]] std::optional<task_mark> mark_of(const model::target_key& key,
                                                 const model::task_id& id);
  /// The size of the task's JSON.
  [[nodiscard]] std::size_t bytes_of(const model::target_key& key);

 private:
  port_lists& lists_;
  SQLite::Statement find_;
  SQLite::Statement find_mark_;
  SQLite::Statement find_bytes_;
};

}  // namespace sonde::views
