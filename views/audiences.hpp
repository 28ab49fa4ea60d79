#pragma once

#include "model/ids.hpp"
#include "views/numbered_texts.hpp"
#include "views/read_budget.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

/// The lists of groups that may see something, each of which has a number, as has each group.
///
/// A row has the number of its list. `seen` says for each entity and group which lists with that
/// group have rows of this entity. So a reader finds the rows of an entity by one look-up for each
/// of the reader's groups, however many lists callers have made, and rows of others are not even
/// passed over: what is hidden costs no more than what is not there. This folder's own.
namespace sonde::views {

/// What of an entity a row is about.
enum class seen_part { assertions, edges };

void create_audiences(SQLite::Database& db);

/// Gives numbers, inside the transactions of whoever folds.
class audience_writer {
 public:
  explicit audience_writer(SQLite::Database& db);
  [[nodiscard]] std::int64_t number_of(const model::group_list& groups);
  /// Notes that an entity has a row of this list.
  void note(std::int64_t entity, seen_part part, std::int64_t audience);
  /// As `numbered_texts::forget`.
  void forget();

 private:
  struct pair_hash {
    std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& pair) const;
  };

  numbered_texts lists_;
  numbered_texts groups_;
  SQLite::Statement add_member_;
  SQLite::Statement add_seen_;
  std::unordered_set<std::pair<std::int64_t, std::int64_t>, pair_hash> noted_;
};

/// A reader's groups by their numbers. Groups that nothing is visible to have the number 0.
using reader_groups = std::vector<std::pair<std::int64_t, std::string>>;
/// Lists, by number, each with those of the reader's groups that are on it.
using reader_audiences = std::map<std::int64_t, model::group_list>;

class audience_reader {
 public:
  explicit audience_reader(SQLite::Database& db);

  [[nodiscard]] reader_groups numbers_of(const model::group_list& groups, read_budget& budget);
  /// The lists through which the reader sees rows of an entity: the oldest ones, if they are very
  /// many.
  [[nodiscard]] reader_audiences of(std::int64_t entity, seen_part part,
                                    const reader_groups& reader, read_budget& budget);
  /// Whether there are any.
  [[nodiscard]] bool any(std::int64_t entity, seen_part part, const reader_groups& reader,
                         read_budget& budget);

 private:
  SQLite::Statement find_group_;
  SQLite::Statement find_lists_;
  SQLite::Statement find_any_;
};

}  // namespace sonde::views
