#pragma once

#include "base/limits.hpp"
#include "base/record.hpp"
#include "model/entity.hpp"
#include "model/observation.hpp"
#include "model/scan_task.hpp"

#include <string>
#include <vector>

namespace sonde::scanner {

/// What a scan has to say, in the words of the event stream.
struct findings {
  std::vector<model::entity> entities;
  std::vector<model::association> associations;
  std::vector<model::endpoint_result> results;  ///< for the task's table, cut at the limit
  std::uint32_t results_total = 0;
};

/// Turns what was seen into entities, and edges between them with the evidence for each. Pure: the
/// same observation gives the same ids. Every edge's ends are among the entities.
[[nodiscard]] findings findings_of(const model::scan_observation& seen,
                                   const model::scan_task& task, wall_time now,
                                   const limits& limits);

/// The records of entities and associations, in the order in which they are published. An entity
/// that would be too large for a topic is shortened (see `model::shorten_attributes`).
[[nodiscard]] std::vector<record> records_of(findings& found, const model::scan_task& task,
                                             const limits& limits);

}  // namespace sonde::scanner
