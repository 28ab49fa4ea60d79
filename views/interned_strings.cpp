#include "views/interned_strings.hpp"

namespace sonde::views {

interned_strings::interned_strings(SQLite::Database& db, const std::string& table,
                                   std::size_t most_known)
    : most_known_(most_known),
      find_(db, "SELECT n FROM " + table + " WHERE text=?"),
      add_(db, "INSERT INTO " + table + "(text) VALUES(?) RETURNING n") {}

void interned_strings::create(SQLite::Database& db, const std::string& table) {
  db.exec("CREATE TABLE " + table + "(n INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)");
}

interned_strings::number interned_strings::of(const std::string& text) {
  auto known = known_.find(text);
  if (known != known_.end()) return {known->second, false};
  if (known_.size() >= most_known_) known_.clear();
  find_.reset();
  find_.bind(1, text);
  bool is_new = !find_.executeStep();
  auto value = is_new ? 0 : find_.getColumn(0).getInt64();
  find_.reset();
  if (is_new) {
    add_.reset();
    add_.bind(1, text);
    add_.executeStep();
    value = add_.getColumn(0).getInt64();
    add_.reset();
  }
  known_.emplace(text, value);
  return {value, is_new};
}

}  // namespace sonde::views
