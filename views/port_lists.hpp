#pragma once

#include "model/scan/scan_task.hpp"
#include "views/task_view.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>

namespace sonde::views {

/// Stores each long list of ports once. Internal to this folder.
///
/// A caller may request 25 KB of ports for each of a million targets. A row then holds `#` and the
/// list's number, in its columns and in the snapshots' JSON. Shorter texts are stored as they are.
class port_lists {
 public:
  explicit port_lists(SQLite::Database& db);
  static void create(SQLite::Database& db);

  /// Returns the stored form of a text. Called inside the caller's fold transaction.
  [[nodiscard]] std::string stored(const std::string& text);
  /// Returns the summary that a listing shows if the stored text is a long list.
  [[nodiscard]] std::optional<port_list_summary> summary_of(const std::string& stored);

  /// Replaces the long lists in a task's JSON by their numbers; `restored` is the inverse.
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
