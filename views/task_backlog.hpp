#pragma once

#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sonde::views {

/// The tasks that a scheduler has to act on, read from an index by partition. Internal to this
/// folder; the queries are those of `task_view`.
class task_backlog {
 public:
  explicit task_backlog(SQLite::Database& db);

  [[nodiscard]] std::vector<waiting_task> waiting(const std::vector<std::int32_t>& partitions,
                                                  const std::string& visibility, std::size_t limit);
  [[nodiscard]] std::vector<std::string> visibilities(const std::vector<std::int32_t>& partitions,
                                                      const std::string& after, std::size_t limit);
  [[nodiscard]] std::vector<outbox_task> with_outbox(const std::vector<std::int32_t>& partitions,
                                                     std::size_t limit);
  [[nodiscard]] std::vector<model::target_key> overwritten(std::int32_t partition,
                                                           const std::string& after,
                                                           std::size_t limit);

 private:
  SQLite::Statement find_waiting_;
  SQLite::Statement find_visibility_;
  SQLite::Statement find_outbox_;
  SQLite::Statement find_overwritten_;
};

}  // namespace sonde::views
