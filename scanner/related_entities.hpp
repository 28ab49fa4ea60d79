#pragma once

#include "model/scan/observation.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sonde::scanner {

/// An entity that a service refers to in its responses.
struct related_entity {
  const char* type = nullptr;
  std::string value;  ///< canonical
  std::string fact;   ///< states the entity, without `fact-`; empty if the product does
};

/// The limit of the entities that are derived from one service.
inline constexpr std::size_t most_related_entities = 8;

/// Derives entities from the product and the facts of a service, each once: `cpe`,
/// `ssh-fingerprint`, `hostname` and `domain`. A value that is not a CPE name, a fingerprint or a
/// fully qualified name gives no entity. Pure.
[[nodiscard]] std::vector<related_entity> related_entities(
    const model::service_observation& service);

}  // namespace sonde::scanner
