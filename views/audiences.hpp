#pragma once

#include "model/ids.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// The lists of groups that may see something, each of which has a number.
///
/// A reader asks for rows by the numbers of the lists that they are on, so that rows of others are
/// not even passed over: what is hidden costs no more than what is not there. This folder's own.
namespace sonde::views {

void create_audiences(SQLite::Database& db);

/// Gives numbers, inside the transactions of whoever folds.
class audience_writer {
 public:
  explicit audience_writer(SQLite::Database& db);
  [[nodiscard]] std::int64_t number_of(const model::group_list& groups);
  /// A transaction was undone, and with it, perhaps, numbers.
  void forget() { known_.clear(); }

 private:
  std::map<std::string, std::int64_t> known_;
  SQLite::Statement find_;
  SQLite::Statement add_;
  SQLite::Statement add_group_;
};

/// The lists that one reader is on, by number, each with those of the reader's groups that are on
/// it.
using reader_audiences = std::map<std::int64_t, model::group_list>;

class audience_reader {
 public:
  explicit audience_reader(SQLite::Database& db);
  [[nodiscard]] reader_audiences of(const model::group_list& groups);

 private:
  SQLite::Statement of_group_;
};

}  // namespace sonde::views
