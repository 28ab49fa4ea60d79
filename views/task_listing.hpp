#pragma once

#include "model/scan/scan_task.hpp"
#include "views/read_budget.hpp"
#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace sonde::views {

/// The places of the tasks of one page, newest first.
struct list_page {
  std::vector<list_place> places;
  std::optional<list_place> next;  ///< the end of this page, if more pages follow
};

/// Lists the tasks that a reader may see, newest first. Internal to this folder.
///
/// `listed` has a row for each task and each group of its visibility. A list is therefore read
/// sequentially, without scanning the tasks of others. Rows of several groups and states are
/// merged, so a page reads hardly more rows than it shows.
class task_listing {
 public:
  explicit task_listing(SQLite::Database& db);
  ~task_listing();

  static void create(SQLite::Database& db);

  /// Updates the rows of a task that was changed or created.
  void change(const std::optional<model::scan_task>& before, const model::scan_task& after);
  /// Returns a page of places. The page ends early when the budget is used up.
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
