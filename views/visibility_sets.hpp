#pragma once

#include "model/ids.hpp"
#include "views/interned_strings.hpp"
#include "views/read_budget.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

/// Visibility sets: sets of groups that may see a row. Each set and each group has a number. The
/// columns named `visibility` hold numbers of sets.
///
/// A row stores the number of its set. `seen` maps each entity and group to the sets with that
/// group that have rows of this entity. A reader therefore finds the rows of an entity with one
/// lookup per group of the reader, for any number of sets, and never scans rows of others: hidden
/// data cost the same as missing data. Internal to this folder.
namespace sonde::views {

/// The part of an entity that a row describes.
enum class seen_part { assertions, edges };

void create_visibility_sets(SQLite::Database& db);

/// Assigns numbers inside the caller's fold transactions.
class visibility_writer {
 public:
  explicit visibility_writer(SQLite::Database& db);
  [[nodiscard]] std::int64_t number_of(const model::group_list& groups);
  /// Notes that an entity has a row with this visibility set.
  void note(std::int64_t entity, seen_part part, std::int64_t visibility);
  /// Clears the caches after a rollback, as `interned_strings::forget` does.
  void forget();

 private:
  struct pair_hash {
    std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& pair) const;
  };

  interned_strings lists_;
  interned_strings groups_;
  SQLite::Statement add_member_;
  SQLite::Statement add_seen_;
  std::unordered_set<std::pair<std::int64_t, std::int64_t>, pair_hash> noted_;
};

/// A reader's groups with their numbers. A group that sees no row has the number 0.
using reader_groups = std::vector<std::pair<std::int64_t, std::string>>;
/// Visibility sets by number, each with those groups of the reader that are in the set.
using visible_sets = std::map<std::int64_t, model::group_list>;

class visibility_reader {
 public:
  explicit visibility_reader(SQLite::Database& db);

  [[nodiscard]] reader_groups numbers_of(const model::group_list& groups, read_budget& budget);
  /// Returns the visibility sets through which the reader sees rows of an entity. Above a limit it
  /// returns the oldest ones.
  [[nodiscard]] visible_sets of(std::int64_t entity, seen_part part, const reader_groups& reader,
                                read_budget& budget);
  /// Returns whether there are any such sets.
  [[nodiscard]] bool any(std::int64_t entity, seen_part part, const reader_groups& reader,
                         read_budget& budget);

 private:
  SQLite::Statement find_group_;
  SQLite::Statement find_lists_;
  SQLite::Statement find_any_;
};

}  // namespace sonde::views
