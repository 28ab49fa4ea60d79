#pragma once

#include "model/facts/entity.hpp"
#include "views/read_budget.hpp"
#include "views/visibility_sets.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sonde::views {

/// An edge as seen from the entity of the query. Ordered by age, then by the rest of the row's key.
struct entity_edge {
  std::int64_t number = 0;      ///< of the entity of the query
  std::int64_t visibility = 0;  ///< the visibility set of the row
  std::int64_t other = 0;
  model::association_mode mode = model::association_mode::association;
  bool outgoing = true;
  std::string evidence;  ///< JSON
  wall_time first_seen{};
  wall_time last_seen{};
  std::string source;
  bool operator<(const entity_edge& than) const;
};

/// Reads the edges of an entity. Used inside the queries of `entity_reader`; internal to this
/// folder.
class edge_reader {
 public:
  edge_reader(SQLite::Database& db, visibility_reader& visibility);

  /// Returns the newest edges first, and each combination of ends and mode once.
  [[nodiscard]] std::vector<entity_edge> edges_of(std::int64_t number, const reader_groups& reader,
                                                  std::size_t limit, read_budget& budget);

 private:
  [[nodiscard]] std::vector<entity_edge> edges_after(const entity_edge& after, std::size_t most);

  visibility_reader& visibility_;
  SQLite::Statement find_outgoing_;
  SQLite::Statement find_incoming_;
};

}  // namespace sonde::views
