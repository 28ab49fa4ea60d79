#pragma once

#include "views/entity_view.hpp"
#include "views/read_budget.hpp"
#include "views/visibility_sets.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The assertion of one source about an entity, for one visibility set.
struct assertion {
  struct rating {
    int value = 0;
    std::string time;  ///< time and record offset, which order the values
    int best = 0;
    int worst = 0;
  };
  std::int64_t visibility = 0;  ///< the visibility set of the row
  std::string source;
  std::string type;
  std::string value;
  std::string attributes;  ///< JSON, as are the tags
  std::string tags;
  std::string newest;  ///< the time of the attributes, which orders assertions
  wall_time first_seen{};
  wall_time last_seen{};
  std::optional<rating> reputation;
  bool well_known = false;
};

/// Reads entities: their numbers, and what all sources together assert about them. Used inside the
/// queries of `entity_reader`; internal to this folder.
class assertion_reader {
 public:
  assertion_reader(SQLite::Database& db, visibility_reader& visibility);

  /// Returns the number of an entity, or 0, which no entity has. Lookups with 0 run like all
  /// others, so the duration does not reveal whether the entity exists.
  [[nodiscard]] std::int64_t number_of(const model::entity_id& id);
  /// Returns whether the reader sees an entity.
  [[nodiscard]] bool sees(std::int64_t number, const reader_groups& reader, read_budget& budget) {
    return visibility_.any(number, seen_part::assertions, reader, budget);
  }
  /// Returns nothing for an entity that the reader does not see.
  [[nodiscard]] std::optional<entity_facts> facts_of(std::int64_t number,
                                                     const reader_groups& reader,
                                                     read_budget& budget);
  /// Reads less than `facts_of`: neither attributes nor tags.
  [[nodiscard]] std::optional<entity_summary> summary_of(std::int64_t number,
                                                         const reader_groups& reader,
                                                         read_budget& budget);

 private:
  /// The extent of an assertion that is read.
  enum class detail { whole, without_attributes };

  [[nodiscard]] std::string id_of(std::int64_t number);
  [[nodiscard]] std::vector<assertion> assertions_of(std::int64_t number,
                                                     const visible_sets& visible, detail how,
                                                     read_budget& budget);
  [[nodiscard]] std::optional<entity_summary> combine(std::int64_t number,
                                                      const std::vector<assertion>& assertions);

  visibility_reader& visibility_;
  SQLite::Statement find_number_;
  SQLite::Statement find_id_;
  SQLite::Statement find_whole_;
  SQLite::Statement find_without_attributes_;
};

}  // namespace sonde::views
