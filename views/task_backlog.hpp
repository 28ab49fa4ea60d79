#pragma once

#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sonde::views {

/// Tasks that a scheduler has something to do with, read from an index by partition. This folder's
/// own; the questions are those of `task_view`.
class task_backlog {
 public:
  explicit task_backlog(SQLite::Database& db);

  [[nodiscard]] std::vector<waiting_task> waiting(const std::vector<std::int32_t>& partitions,
                                                  const std::string& scope, std::size_t limit);
  [[nodiscard]] std::vector<std::string> scopes(const std::vector<std::int32_t>& partitions,
                                                const std::string& after, std::size_t limit);
  [[nodiscard]] std::vector<owing_task> owing(const std::vector<std::int32_t>& partitions,
                                              std::size_t limit);

 private:
  SQLite::Statement find_waiting_;
  SQLite::Statement find_scope_;
  SQLite::Statement find_owing_;
};

}  // namespace sonde::views
