#pragma once

#include "views/assertion_reader.hpp"
#include "views/comment_reader.hpp"
#include "views/edge_reader.hpp"
#include "views/entity_view.hpp"
#include "views/limits.hpp"
#include "views/visibility_sets.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace sonde::views {

/// Runs the queries of `entity_view` on one connection; each query sees one state of the database.
/// Runs on the loop of its creator and blocks it. Internal to this folder.
///
/// Hidden data need the same lookups as missing data. Each query has a `read_budget`, however many
/// rows callers have written; a query that exhausts it returns a truncated result.
class entity_reader {
 public:
  entity_reader(SQLite::Database& db, const limits& limits);

  [[nodiscard]] std::optional<entity_details> find(const model::entity_id& id,
                                                   const model::group_list& groups,
                                                   std::size_t related_limit);
  [[nodiscard]] std::optional<entity_graph> walk(const model::entity_id& id,
                                                 const model::group_list& groups,
                                                 std::uint32_t levels, std::size_t node_limit);
  [[nodiscard]] std::optional<entity_comments> comments(const model::entity_id& id,
                                                        const model::group_list& groups,
                                                        std::size_t limit);
  /// Returns the first id that the reader does not see.
  [[nodiscard]] std::optional<model::entity_id> first_missing(
      const std::vector<model::entity_id>& ids, const model::group_list& groups);
  [[nodiscard]] bool has_comment(const model::entity_id& entity, const model::comment_id& comment,
                                 const model::group_list& groups);

 private:
  SQLite::Database& db_;
  const limits& limits_;
  visibility_reader visibility_;
  assertion_reader assertions_;
  edge_reader edges_;
  comment_reader comments_;
};

}  // namespace sonde::views
