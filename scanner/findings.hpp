#pragma once

#include "base/record.hpp"
#include "model/facts/entity.hpp"
#include "model/scan/observation.hpp"
#include "model/scan/scan_task.hpp"
#include "queue/limits.hpp"
#include "scanner/engine/scan_budget.hpp"
#include "scanner/scan_limits.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sonde::scanner {

/// The findings of a scan, as entities and associations of the event stream.
struct findings {
  std::vector<model::entity> entities;
  std::vector<model::association> associations;
  std::vector<model::endpoint_result> results;  ///< for the task's table, truncated at the limit
  std::uint32_t results_total = 0;
};

/// Counts of what exceeds the limits of one scan.
struct findings_left_out {
  std::uint32_t entities = 0;
  std::uint32_t associations = 0;
  std::uint32_t hostnames = 0;
};

/// Converts observations to entities, and to associations between them with evidence, part by part.
/// Returns every entity and association once, even if several parts repeat it. Pure: the same
/// observations give the same ids. The ends of an association are in the same part or an earlier
/// one.
///
/// Its memory is limited by `scan_limits::scan_entities`, `scan_associations` and
/// `results_endpoints`; what exceeds them is counted. Not thread-safe.
class findings_collector {
 public:
  findings_collector(const model::scan_task& task, const scan_limits& bounds);

  /// Returns the new findings of this part. An address found to be a tarpit has its results
  /// removed.
  [[nodiscard]] findings add(const model::scan_observation& part, wall_time now);

  /// Returns the table of results, ordered by address and port.
  [[nodiscard]] std::vector<model::endpoint_result> results() const;
  [[nodiscard]] std::uint32_t results_total() const;
  [[nodiscard]] const findings_left_out& left_out() const { return left_out_; }

 private:
  class part_writer;
  /// The first half of a SHA-256, which is sufficient to distinguish what one scan publishes.
  using mark = std::array<std::uint64_t, 2>;
  struct mark_hash {
    std::size_t operator()(const mark& m) const { return m[0]; }
  };
  struct known_certificate {
    std::string subject;  ///< truncated to its length in the table
    std::string not_after;
    bool self_signed = false;
  };
  using address_and_port = std::pair<model::ip_address, std::uint16_t>;

  const model::scan_task task_;
  const scan_limits bounds_;
  std::unordered_set<mark, mark_hash> entities_;
  std::unordered_set<mark, mark_hash> associations_;
  std::uint32_t hostnames_ = 0;  ///< of the entities
  std::unordered_map<std::string, known_certificate> certificates_;
  std::map<address_and_port, model::endpoint_result> results_;
  std::map<model::ip_address, std::uint32_t> open_;  ///< number of endpoints of each address
  findings_left_out left_out_;
};

/// Describes what was left out because of limits, as a suffix of a scan's outcome: empty, or a
/// semicolon and the counts.
[[nodiscard]] std::string left_out_text(const scan_budget::counts& by_budget,
                                        const findings_left_out& by_limits, std::uint32_t refused);

/// Returns the findings of a scan that is observed as a whole.
[[nodiscard]] findings findings_of(const model::scan_observation& seen,
                                   const model::scan_task& task, wall_time now,
                                   const scan_limits& limits);

/// Serialises entities and associations in the order of publication. An entity that is too large
/// for a topic is shortened (see `model::shorten_attributes`).
[[nodiscard]] std::vector<record> records_of(findings& found, const model::scan_task& task,
                                             const queue::limits& limits);

}  // namespace sonde::scanner
