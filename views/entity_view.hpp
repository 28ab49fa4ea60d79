#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "model/facts/comment.hpp"
#include "model/facts/entity.hpp"
#include "model/scan/scan_task.hpp"
#include "queue/io.hpp"
#include "views/limits.hpp"
#include "views/view_health.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The reputation of an entity: the assertions of all sources that a reader may see, combined.
struct entity_reputation {
  int average = 0;  ///< average of the newest assertion of each source, rounded down
  int best = 0;     ///< the best value ever asserted
  int worst = 0;
  int accuracy = 0;  ///< the number of sources, at most 3
};

struct entity_summary {
  model::entity_id id;
  std::string type;
  std::string value;
  entity_reputation reputation;
  wall_time first_seen{};
  wall_time last_seen{};
};

/// The data of an entity that a reader with certain groups may see.
struct entity_facts {
  entity_summary what;
  model::json attributes;  ///< of all sources; the newest override the others
  std::vector<std::string> tags;
  model::group_list visible_by;  ///< those of the reader's groups that may see it
};

/// An edge as seen from one of its ends.
struct related_entity {
  entity_summary what;
  model::association_mode mode = model::association_mode::association;
  bool outgoing = true;  ///< from the entity of the query to this one
  model::json evidence;
  wall_time first_seen{};
  wall_time last_seen{};
};

struct entity_details {
  entity_facts facts;
  std::vector<related_entity> related;  ///< newest first
  std::uint64_t related_total = 0;      ///< also beyond the limit; of a hub, only its newest edges
  bool truncated = false;               ///< exceeds the limits of one read
};

struct graph_edge {
  model::entity_id source;
  model::entity_id target;
  model::association_mode mode = model::association_mode::association;
  model::json evidence;
};

/// An entity with its neighbourhood.
struct entity_graph {
  std::vector<entity_facts> nodes;  ///< the entity of the query first, then by distance
  std::vector<graph_edge> edges;    ///< between `nodes`
  bool truncated = false;           ///< exceeds the limits of one read, apart from `node_limit`
};

/// The comments of an entity, oldest first.
struct entity_comments {
  std::vector<model::comment> comments;
  bool truncated = false;  ///< there are more comments
};

class entity_store;

/// The topics `entities`, `associations` and `comments` as tables, with one row for each (id,
/// source, visibility).
///
/// An association is visible if both its ends are, a comment if its entity is. Hidden data take the
/// same path as missing data: "not found" is returned only after the view has caught up. One read
/// takes at most `limits::read_rows` and `read_ms`; beyond these its result is truncated, or it
/// fails with `queue::errc::busy`. Reads of different groups take turns. All functions may be
/// called from any loop.
class entity_view {
 public:
  ~entity_view();
  entity_view(const entity_view&) = delete;
  entity_view& operator=(const entity_view&) = delete;

  /// Returns what these groups may see of an entity, and of at most `related_limit` related
  /// entities.
  awaitable<result<std::optional<entity_details>>> find(model::entity_id id,
                                                        model::group_list groups,
                                                        std::size_t related_limit,
                                                        steady_time deadline);
  /// Returns the entities within `levels` steps of one entity, at most `node_limit`. The walk
  /// continues from a hub that all targets share (a port) only if it started there.
  awaitable<result<std::optional<entity_graph>>> walk(model::entity_id id, model::group_list groups,
                                                      std::uint32_t levels, std::size_t node_limit,
                                                      steady_time deadline);
  /// Returns the comments of an entity, oldest first; nothing if the entity does not exist or is
  /// hidden.
  awaitable<result<std::optional<entity_comments>>> comments(model::entity_id id,
                                                             model::group_list groups,
                                                             std::size_t limit,
                                                             steady_time deadline);
  /// Returns the first id that is missing for these groups; nothing if all exist.
  awaitable<result<std::optional<model::entity_id>>> first_missing(
      std::vector<model::entity_id> ids, model::group_list groups, steady_time deadline);
  /// Returns whether an entity has this comment and these groups may see both.
  awaitable<result<bool>> has_comment(model::entity_id entity, model::comment_id comment,
                                      model::group_list groups, steady_time deadline);
  /// Returns true once all records at these positions are readable here; false at the deadline.
  awaitable<bool> wait_until_passed(std::vector<model::produced_position> positions,
                                    steady_time deadline);
  awaitable<view_health> health();
  awaitable<void> stop();

 private:
  friend result<std::unique_ptr<entity_view>> open_entity_view(
      executor loop, const std::vector<executor>& reading, queue::backend& queue,
      std::optional<std::filesystem::path> file, const limits& limits, logger& log);

  explicit entity_view(std::unique_ptr<entity_store> store);

  std::unique_ptr<entity_store> store_;
};

/// Opens the view, as `open_task_view` does. `reading`: the loops of the readers, so that reads do
/// not wait for folding. Without a file or without such a loop, reads run on `loop`. The loops must
/// run until `stop` has returned.
[[nodiscard]] result<std::unique_ptr<entity_view>> open_entity_view(
    executor loop, const std::vector<executor>& reading, queue::backend& queue,
    std::optional<std::filesystem::path> file, const limits& limits, logger& log);

}  // namespace sonde::views
