#pragma once

#include "views/task_row.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace sonde::views {

/// The rows that were stored last, so that the next record of a task is folded without reading and
/// parsing its row. Internal to this folder.
///
/// A scan's records follow each other closely. At most `most` rows are kept, and no row with more
/// than `largest_row` bytes: its JSON, and the lists of ports that the JSON only numbers. A row is
/// dropped after `most / 2` to `most` later ones.
class recent_rows {
 public:
  static constexpr std::size_t most = 1'024;
  static constexpr std::size_t largest_row = 4'096;

  /// Returns nullptr if the row is not kept. The pointer is valid until the next call of another
  /// member.
  [[nodiscard]] const task_row* find(const std::string& key) const;
  /// Returns the row and forgets it.
  [[nodiscard]] std::optional<task_row> take(const std::string& key);
  void keep(const std::string& key, task_row row);
  void clear();

 private:
  using rows = std::unordered_map<std::string, task_row>;
  rows newer_;
  rows older_;
};

}  // namespace sonde::views
