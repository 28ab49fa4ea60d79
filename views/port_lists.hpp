#pragma once

#include "model/scan_task.hpp"
#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>

namespace sonde::views {

/// Long lists of ports, each stored once. This folder's own.
///
/// A caller may ask for 25 KB of ports for each of a million targets. A row then holds `#` and the
/// list's number, in its columns and in the snapshots' JSON. Shorter texts stand as they are.
class port_lists {
 public:
  explicit port_lists(SQLite::Database& db);
  static void create(SQLite::Database& db);

  /// What a row holds for this text. Inside the transaction of whoever folds.
  [[nodiscard]] std::string stored(const std::string& text);
  /// What a listing shows of a stored text, if that is a long list.
  [[nodiscard]] std::optional<port_list_summary> summary_of(const std::string& stored);

  /// A task's JSON with its long lists replaced by their numbers, and the inverse.
  [[nodiscard]] std::string shortened(std::string json, const model::scan_task& task);
  [[nodiscard]] std::string restored(std::string json);

 private:
  [[nodiscard]] std::string whole(const std::string& stored);

  SQLite::Statement find_;
  SQLite::Statement add_;
  SQLite::Statement get_;
  SQLite::Statement get_summary_;
};

}  // namespace sonde::views
