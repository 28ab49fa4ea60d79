#pragma once

#include "model/data_type.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace sonde::model {

/// What is known of an entity type. The table is `model/definition_table.inc`.
struct definition {
  std::string_view type;  ///< kebab-case
  data_type main_value;   ///< of the attribute that is named like the type
  std::string_view description;
  std::vector<std::string_view> attributes;    ///< beside the main value
  std::vector<std::string_view> associations;  ///< types it is usually associated with
  std::vector<std::string_view> tags;
  std::vector<std::string_view> correlate;  ///< attributes worth an entity of their own
};

/// All of them, sorted by type. They live as long as the program.
[[nodiscard]] std::span<const definition> all_definitions();

/// The definition of a type; null where there is no such type.
[[nodiscard]] const definition* find_definition(std::string_view type);

}  // namespace sonde::model
