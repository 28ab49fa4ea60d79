#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "model/comment.hpp"
#include "model/entity.hpp"
#include "model/scan_task.hpp"
#include "queue/io.hpp"
#include "views/view_standing.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// What all sources that a reader may see say of an entity together.
struct entity_standing {
  int reputation = 0;  ///< the newest word of each source, averaged, rounded toward the worse
  int best = 0;        ///< the best word that was ever said
  int worst = 0;
  int accuracy = 0;  ///< how many sources there are, at most 3
};

struct entity_summary {
  model::entity_id id;
  std::string type;
  std::string value;
  entity_standing standing;
  wall_time first_seen{};
  wall_time last_seen{};
};

/// What is known of an entity by a reader of some groups.
struct entity_facts {
  entity_summary what;
  model::json attributes;  ///< of all sources together, the newest last
  std::vector<std::string> tags;
  model::group_list visible_by;  ///< of the reader's groups, those that may see it
};

/// An edge as seen from one of its ends.
struct related_entity {
  entity_summary what;
  model::association_mode mode = model::association_mode::association;
  bool outgoing = true;  ///< from the entity asked for to this one
  model::json evidence;
  wall_time first_seen{};
  wall_time last_seen{};
};

struct entity_details {
  entity_facts facts;
  std::vector<related_entity> related;  ///< the newest first
  std::uint64_t related_total = 0;      ///< also those beyond the limit; of a hub, of its newest
  bool truncated = false;               ///< there is more than one read may take
};

struct graph_edge {
  model::entity_id source;
  model::entity_id target;
  model::association_mode mode = model::association_mode::association;
  model::json evidence;
};

/// An entity with what lies around it.
struct entity_graph {
  std::vector<entity_facts> nodes;  ///< the one asked for first, then the nearer ones
  std::vector<graph_edge> edges;    ///< between these
  bool truncated = false;           ///< there is more than one read may take, beside `node_limit`
};

/// The comments of an entity, oldest first.
struct entity_comments {
  std::vector<model::comment> comments;
  bool truncated = false;  ///< there are more
};

/// `entities`, `associations` and `comments` as tables, one row for each (id, source, visibility).
///
/// An association shows when both its ends are there, a comment when its entity is. What is hidden
/// from a reader takes the same path as what is not there: "nothing" is said once the view has
/// caught up. One read takes at most `limits::read_rows` and `read_ms`; beyond these its answer is
/// cut, or fails with `queue::errc::busy`. Reads of different groups take turns. All functions may
/// be called from any loop.
class entity_view {
 public:
  virtual ~entity_view() = default;

  /// What these groups may see of an entity, and of at most `related_limit` around it.
  virtual awaitable<result<std::optional<entity_details>>> find(model::entity_id id,
                                                                model::group_list groups,
                                                                std::size_t related_limit,
                                                                steady_time deadline) = 0;
  /// The entities within `levels` steps of one, at most `node_limit`. A walk goes on from a hub
  /// that the whole world shares (a port) only where it began there.
  virtual awaitable<result<std::optional<entity_graph>>> walk(model::entity_id id,
                                                              model::group_list groups,
                                                              std::uint32_t levels,
                                                              std::size_t node_limit,
                                                              steady_time deadline) = 0;
  /// The comments of an entity, oldest first; nothing where the entity is not there.
  virtual awaitable<result<std::optional<entity_comments>>> comments(model::entity_id id,
                                                                     model::group_list groups,
                                                                     std::size_t limit,
                                                                     steady_time deadline) = 0;
  /// The first of these that is not there for these groups; nothing where all are.
  virtual awaitable<result<std::optional<model::entity_id>>> first_missing(
      std::vector<model::entity_id> ids, model::group_list groups, steady_time deadline) = 0;
  /// Whether an entity has this comment, as far as these groups may see both.
  virtual awaitable<result<bool>> has_comment(model::entity_id entity, model::comment_id comment,
                                              model::group_list groups, steady_time deadline) = 0;
  /// Returns true once everything at these positions can be read here; false at the deadline.
  virtual awaitable<bool> wait_until_passed(std::vector<model::produced_position> positions,
                                            steady_time deadline) = 0;
  virtual awaitable<view_standing> standing() = 0;
  virtual awaitable<void> stop() = 0;
};

/// As `open_task_view`. `reading`: the loops of whoever reads, so that no question waits for what
/// is being folded; where there is no file, or no such loop, questions are answered on `loop`. They
/// have to run until `stop` has returned.
[[nodiscard]] result<std::unique_ptr<entity_view>> open_entity_view(
    executor loop, const std::vector<executor>& reading, queue::backend& queue,
    std::optional<std::filesystem::path> file, const limits& limits, logger& log);

}  // namespace sonde::views
