#pragma once

#include "model/scan_task.hpp"
#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace sonde::views {

/// Which tasks somebody may see, newest first. This folder's own.
///
/// `listed` has a row for each task and group of its scope. So a list is read from its first row to
/// its last, and what others have asked for is not even passed by.
class task_listing {
 public:
  explicit task_listing(SQLite::Database& db);
  ~task_listing();

  static void create(SQLite::Database& db);

  /// A task has become another one, or has come to be.
  void change(const std::optional<model::scan_task>& before, const model::scan_task& after);
  /// The places of at most `most` tasks, in their order.
  [[nodiscard]] std::vector<list_place> find(const list_query& query, std::size_t most);

 private:
  struct statements;

  std::unique_ptr<statements> sql_;
};

}  // namespace sonde::views
