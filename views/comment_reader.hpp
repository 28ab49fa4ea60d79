#pragma once

#include "views/entity_view.hpp"
#include "views/read_budget.hpp"
#include "views/visibility_sets.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>

namespace sonde::views {

/// Reads the comments of an entity that the reader sees. Used inside the queries of
/// `entity_reader`; internal to this folder.
class comment_reader {
 public:
  explicit comment_reader(SQLite::Database& db);

  /// Returns the comments that the reader's groups may see, oldest first, without `entity`.
  [[nodiscard]] entity_comments comments_of(std::int64_t number, const reader_groups& reader,
                                            std::size_t limit, read_budget& budget);
  /// Looks up all groups, so that the duration does not reveal which group matched.
  [[nodiscard]] bool has(std::int64_t number, const model::comment_id& comment,
                         const reader_groups& reader);

 private:
  [[nodiscard]] bool put_text(model::comment& comment, std::int64_t visibility);

  SQLite::Statement find_places_;
  SQLite::Statement find_text_;
  SQLite::Statement find_one_;
};

}  // namespace sonde::views
