#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace sonde::views {

/// Interned strings: a table that assigns a number to each text, with the columns `n` and `text`. A
/// text gets its number inside the caller's fold transaction. Internal to this folder.
class interned_strings {
 public:
  /// `most_known`: how many numbers are kept in memory, because recent texts recur soon.
  interned_strings(SQLite::Database& db, const std::string& table, std::size_t most_known);

  static void create(SQLite::Database& db, const std::string& table);

  struct number {
    std::int64_t value = 0;
    bool is_new = false;  ///< was assigned by this call
  };
  [[nodiscard]] number of(const std::string& text);
  /// Clears the cache after a rollback, which may have removed numbers.
  void forget() { known_.clear(); }

 private:
  std::size_t most_known_;
  std::unordered_map<std::string, std::int64_t> known_;
  SQLite::Statement find_;
  SQLite::Statement add_;
};

}  // namespace sonde::views
