#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "model/entity.hpp"
#include "model/scan_task.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// An edge as seen from one of its ends.
struct related_entity {
  model::entity_id id;
  std::string type;
  std::string value;
  model::association_mode mode = model::association_mode::association;
  bool outgoing = true;  ///< from the entity asked for to this one
  model::json evidence;
  wall_time first_seen{};
  wall_time last_seen{};
};

/// What is known of an entity by a reader of some groups: of each source the newest word.
struct entity_details {
  model::entity_id id;
  std::string type;
  std::string value;
  model::json attributes;  ///< of all sources together, the newest last
  std::vector<std::string> tags;
  wall_time first_seen{};
  wall_time last_seen{};
  std::vector<related_entity> related;
  std::uint64_t related_total = 0;  ///< also those beyond the limit; of a hub, of its newest
};

/// `entities` and `associations` as tables, one row for each (id, source, visibility).
///
/// An association shows when both its ends are there. All functions may be called from any loop.
class entity_view {
 public:
  virtual ~entity_view() = default;

  /// What these groups may see of an entity, after the view has caught up if it is not there yet.
  virtual awaitable<result<std::optional<entity_details>>> find(model::entity_id id,
                                                                model::group_list groups,
                                                                std::size_t related_limit,
                                                                steady_time deadline) = 0;
  /// Returns true once everything at these positions can be read here; false at the deadline.
  virtual awaitable<bool> wait_until_passed(std::vector<model::produced_position> positions,
                                            steady_time deadline) = 0;
  virtual awaitable<bool> ready() = 0;
  virtual awaitable<void> stop() = 0;
};

/// As `open_task_view`.
[[nodiscard]] result<std::unique_ptr<entity_view>> open_entity_view(
    executor loop, queue::backend& queue, std::optional<std::filesystem::path> file, logger& log);

}  // namespace sonde::views
