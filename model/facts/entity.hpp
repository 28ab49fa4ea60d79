#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/text/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// Source, time and visibility of a fact: part of every fact on a topic.
struct provenance {
  std::string source;     ///< the caller's user id; `sonde` for a scan
  group_list visible_by;  ///< groups that may see it
  wall_time time{};
  std::optional<task_id> task;  ///< the scan that found it
  bool operator==(const provenance&) const = default;
};

/// Writes and reads the fields of a provenance, as they are in the JSON of every fact.
void put_provenance(json& out, const provenance& from);
[[nodiscard]] provenance read_provenance(class field_reader& fields);

/// An object of threat intelligence: an address, a name, a port, a certificate …
struct entity {
  entity_id id;
  std::string type;
  json attributes;  ///< contains the main value under the type's name
  std::vector<std::string> tags;
  provenance from;
  std::optional<int> reputation =
      std::nullopt;         ///< this source's assertion, -3 (malicious) … 3 (benign)
  bool well_known = false;  ///< its reputation is never below 0
  std::vector<std::string> correlate = {};  ///< attributes that became separate entities
  bool operator==(const entity&) const = default;
};

/// `aggregation`: the second entity is a component of the first. `association`: any looser
/// relation.
enum class association_mode { aggregation, association };
[[nodiscard]] std::string_view name_of(association_mode mode);
[[nodiscard]] std::optional<association_mode> read_association_mode(std::string_view name);

/// The bounds of a reputation.
inline constexpr int worst_reputation = -3;
inline constexpr int best_reputation = 3;

/// An edge between two entities, and its evidence.
struct association {
  association_id id;
  entity_id from_entity;
  association_mode mode = association_mode::association;
  entity_id to_entity;
  json evidence;  ///< task, attempt, time, endpoint, SNI, module: why does this edge exist?
  provenance from;
  bool operator==(const association&) const = default;
};

/// Makes an entity. Computes its id from the canonical main value and adds that value to the
/// attributes.
[[nodiscard]] entity make_entity(std::string type, const std::string& value, json attributes,
                                 provenance from);
[[nodiscard]] association make_association(const entity_id& from_entity, association_mode mode,
                                           const entity_id& to_entity, json evidence,
                                           provenance from);

[[nodiscard]] std::string to_json_text(const entity& entity);
[[nodiscard]] std::string to_json_text(const association& association);
[[nodiscard]] result<entity> parse_entity(std::string_view text);
[[nodiscard]] result<association> parse_association(std::string_view text);

}  // namespace sonde::model
