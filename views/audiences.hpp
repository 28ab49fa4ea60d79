#pragma once

#include "model/ids.hpp"
#include "views/numbered_texts.hpp"

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
  /// As `numbered_texts::forget`.
  void forget() { lists_.forget(); }

 private:
  numbered_texts lists_;
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
