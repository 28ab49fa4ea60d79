#pragma once

#include "base/limits.hpp"
#include "base/record.hpp"
#include "model/entity.hpp"
#include "model/observation.hpp"
#include "model/scan_task.hpp"
#include "scanner/engine/scan_budget.hpp"

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

/// What a scan has to say, in the words of the event stream.
struct findings {
  std::vector<model::entity> entities;
  std::vector<model::association> associations;
  std::vector<model::endpoint_result> results;  ///< for the task's table, cut at the limit
  std::uint32_t results_total = 0;
};

/// What did not fit into the limits of one scan.
struct findings_left_out {
  std::uint32_t entities = 0;
  std::uint32_t associations = 0;
  std::uint32_t hostnames = 0;
};

/// Turns what was seen into entities, and edges between them with the evidence for each, part by
/// part: every entity and edge once, whatever the parts repeat. Pure: the same observations give
/// the same ids. Every edge's ends are among the entities of this part or of an earlier one.
///
/// What it remembers of a part is bounded by `limits::scan_entities`, `scan_associations` and
/// `results_endpoints`; what is beyond them is counted. Not for concurrent use.
class findings_collector {
 public:
  findings_collector(const model::scan_task& task, const limits& bounds);

  /// What this part adds. An address that turned out to be a tarpit takes its results back.
  [[nodiscard]] findings add(const model::scan_observation& part, wall_time now);

  /// The table of results, by address and port.
  [[nodiscard]] std::vector<model::endpoint_result> results() const;
  [[nodiscard]] std::uint32_t results_total() const;
  [[nodiscard]] const findings_left_out& left_out() const { return left_out_; }

 private:
  class part_writer;
  /// The first half of a SHA-256, which is enough to tell what one scan publishes apart.
  using mark = std::array<std::uint64_t, 2>;
  struct mark_hash {
    std::size_t operator()(const mark& m) const { return m[0]; }
  };
  struct known_certificate {
    std::string subject;  ///< as far as the table shows it
    std::string not_after;
  };
  using address_and_port = std::pair<model::ip_address, std::uint16_t>;

  const model::scan_task task_;
  const limits bounds_;
  std::unordered_set<mark, mark_hash> entities_;
  std::unordered_set<mark, mark_hash> associations_;
  std::uint32_t hostnames_ = 0;  ///< of the entities
  std::unordered_map<std::string, known_certificate> certificates_;
  std::map<address_and_port, model::endpoint_result> results_;
  std::map<model::ip_address, std::uint32_t> open_;  ///< endpoints of each address
  findings_left_out left_out_;
};

/// What a scan's outcome says of what was left out for its limits, to stand after the reason:
/// empty, or a semicolon and the counts.
[[nodiscard]] std::string left_out_text(const scan_budget::counts& by_budget,
                                        const findings_left_out& by_limits, std::uint32_t refused);

/// The findings of a scan that was seen as a whole.
[[nodiscard]] findings findings_of(const model::scan_observation& seen,
                                   const model::scan_task& task, wall_time now,
                                   const limits& limits);

/// The records of entities and associations, in the order in which they are published. An entity
/// that would be too large for a topic is shortened (see `model::shorten_attributes`).
[[nodiscard]] std::vector<record> records_of(findings& found, const model::scan_task& task,
                                             const limits& limits);

}  // namespace sonde::scanner
