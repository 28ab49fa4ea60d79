#pragma once

#include "model/net/target.hpp"
#include "model/scan/scan_task.hpp"
#include "views/entity_view.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::ingest {

/// The verdicts of the newest scans on endpoints, open or closed. Entities only record when an
/// endpoint was seen open. A value without threads or I/O.
class port_verdicts {
 public:
  struct verdict {
    bool open = false;
    wall_time scanned{};  ///< end of the newest scan that probed the endpoint
  };

  /// Adds the results of the task's current generation. Ignores a generation that has not ended.
  void take_in(const model::scan_task& task);

  /// Returns the verdict on a service, found by its value. A service that was seen open after the
  /// newest scan counts as open. Returns nothing if no scan probed it.
  [[nodiscard]] std::optional<verdict> of_service(const views::entity_summary& service) const;
  /// Returns the verdict on a port of an address, as in `443/tcp`. `last_seen`: time of the edge
  /// between them.
  [[nodiscard]] std::optional<verdict> of_port(std::string_view address, std::string_view port,
                                               wall_time last_seen) const;

 private:
  void take_in(const std::string& endpoint, const verdict& said);
  [[nodiscard]] std::optional<verdict> find(const std::string& endpoint, wall_time last_seen) const;

  std::map<std::string, verdict, std::less<>> by_endpoint_;
};

/// Returns the targets whose scans have verdicts on the ports and services in a response: at most
/// eight, none if it has neither.
[[nodiscard]] std::vector<model::target> scanned_targets(const views::entity_details& entity);
[[nodiscard]] std::vector<model::target> scanned_targets(const views::entity_graph& graph);

}  // namespace sonde::ingest
