#pragma once

#include "model/scan_task.hpp"
#include "views/read_budget.hpp"
#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace sonde::views {

/// Where the tasks of a page stand, newest first.
struct list_page {
  std::vector<list_place> places;
  std::optional<list_place> next;  ///< where this page has ended, if others follow
};

/// Which tasks somebody may see, newest first. This folder's own.
///
/// `listed` has a row for each task and group of its scope. So a list is read from its first row to
/// its last, and what others have asked for is not even passed by. Rows of several groups and
/// states are merged, so a page reads hardly more rows than it shows.
class task_listing {
 public:
  explicit task_listing(SQLite::Database& db);
  ~task_listing();

  static void create(SQLite::Database& db);

  /// A task has become another one, or has come to be.
  void change(const std::optional<model::scan_task>& before, const model::scan_task& after);
  /// A page of places. Ends early when the budget is used up.
  [[nodiscard]] list_page find(const list_query& query, read_budget& budget);

 private:
  struct statements;
  struct source;
  struct listed_row;

  [[nodiscard]] std::vector<source> sources_of(const list_query& query);
  [[nodiscard]] std::vector<listed_row> rows_after(const source& from, const list_query& query,
                                                   const list_place& after, std::size_t most);

  std::unique_ptr<statements> sql_;
};

}  // namespace sonde::views
