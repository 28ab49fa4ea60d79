#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace sonde::views {

/// Texts that have numbers, in a table of them: the columns `n` and `text`. A text gets its number
/// inside the transaction of whoever folds. This folder's own.
class numbered_texts {
 public:
  /// `most_known`: whose numbers are kept in memory, as they come again soon.
  numbered_texts(SQLite::Database& db, const std::string& table, std::size_t most_known);

  static void create(SQLite::Database& db, const std::string& table);

  struct number {
    std::int64_t value = 0;
    bool is_new = false;  ///< was given just now
  };
  [[nodiscard]] number of(const std::string& text);
  /// A transaction was undone, and with it, perhaps, numbers.
  void forget() { known_.clear(); }

 private:
  std::size_t most_known_;
  std::unordered_map<std::string, std::int64_t> known_;
  SQLite::Statement find_;
  SQLite::Statement add_;
};

}  // namespace sonde::views
