#pragma once

#include "model/facts/data_type.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The definition of an entity type. The table is `model/facts/definition_table.inc`.
struct definition {
  std::string_view type;  ///< kebab-case
  data_type main_value;   ///< type of the attribute with the name of the entity type
  std::string_view description;
  std::vector<std::string_view> attributes;    ///< other attributes
  std::vector<std::string_view> associations;  ///< types of entities that are usually associated
  std::vector<std::string_view> tags;
  std::vector<std::string_view> correlate;  ///< attributes that deserve an entity
};

/// Returns all definitions, sorted by type. They live as long as the program.
[[nodiscard]] std::span<const definition> all_definitions();

/// Returns the definition of a type, or null if the type does not exist.
[[nodiscard]] const definition* find_definition(std::string_view type);

}  // namespace sonde::model
