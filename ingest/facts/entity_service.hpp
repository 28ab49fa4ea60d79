#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "ingest/auth/daily_quota.hpp"
#include "ingest/facts/fact_limits.hpp"
#include "ingest/facts/port_verdicts.hpp"
#include "ingest/facts/submission_job.hpp"
#include "ingest/http/body_workers.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/http_message.hpp"
#include "ingest/http/response_builder.hpp"
#include "model/net/address_scope.hpp"
#include "model/text/json.hpp"
#include "queue/io.hpp"
#include "queue/limits.hpp"
#include "views/entity_view.hpp"
#include "views/task_view.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sonde::ingest {

/// The limits that the entity service reads. They outlive it.
struct entity_bounds {
  /// Refers to the parts of a struct that contains all of them. The conversion is implicit, so that
  /// callers can pass that struct.
  template <class All>
  entity_bounds(const All& all) : facts(all), http(all), queue(all) {}  // NOLINT

  const fact_limits& facts;
  const http_limits& http;
  const queue::limits& queue;
};

/// Accepts facts (entities, associations, comments) and reads them. Independent of HTTP.
///
/// Accepted facts are durable when the call returns. Callers read their own writes in the same
/// process. Errors name the field, the fault and the correction. Lives on one loop. Every operation
/// ends within `http_limits::http_answer_timeout_ms`.
class entity_service {
 public:
  /// The surroundings of the service, which lives on the loop of `workers`. They outlive it.
  struct context {
    body_workers& workers;
    queue::backend& queue;
    views::entity_view& entities;
    entity_bounds bounds;
    const clock& time;
    logger& log;
  };
  entity_service(const context& around, std::shared_ptr<const model::address_scope> scope);

  // Bodies are JSON texts. A worker reads and checks a large body, and one that takes long to
  // check. `errc::too_large`: the body exceeds the limit of one request.

  /// Handles `POST /entity`. Returns the entity's id.
  awaitable<result<std::string>> submit(std::string body, submitted_by from);
  /// Handles `POST /well-known`. Returns the entity's id.
  awaitable<result<std::string>> submit_well_known(std::string body, submitted_by from);
  /// Handles `POST /association`. Returns the association's id. Both ends must exist.
  awaitable<result<std::string>> associate(std::string body, submitted_by from);
  /// Handles `POST /comment`. Returns the comment's id. The entity must exist, and so must the
  /// comment that this one replies to.
  awaitable<result<std::string>> comment(std::string body, submitted_by from);

  // Reads. `errc::not_found`: this caller sees no such entity.
  awaitable<result<model::json>> details(std::string id, caller who);
  awaitable<result<model::json>> relations(std::string id, caller who, std::uint32_t levels,
                                           std::uint32_t limit);
  awaitable<result<model::json>> comments(std::string id, caller who);

  /// Adds verdicts of the scans in this view to ports and services. The view outlives the service.
  /// Call on the loop, or before the loop runs.
  void compare_with(views::task_view& scans) { scans_ = &scans; }
  /// Builds large responses with `builder`, which outlives this object. Call on the loop, or before
  /// it runs.
  void build_with(response_builder& builder) { builder_ = &builder; }
  [[nodiscard]] response_builder* builder() const { return builder_; }
  /// Counts accepted bytes in `quota`, which outlives this object. Call on the loop, or before it
  /// runs.
  void count_in(daily_quota& quota) { quota_ = &quota; }
  void set_scope(std::shared_ptr<const model::address_scope> scope);
  /// Waits for writes that continue after their request has timed out.
  awaitable<void> stop();

 private:
  using written_positions = std::vector<model::produced_position>;

  [[nodiscard]] steady_time deadline() const;
  awaitable<result<std::string>> take_in(submission_job job);
  template <class T>
  awaitable<result<T>> read_body(std::string body, std::string caller, steady_time until,
                                 std::function<result<T>(const model::json&)> check);
  awaitable<result<>> write(std::vector<record> batch, caller who, steady_time until);
  awaitable<void> see_own_writes(std::string user, steady_time until);

  awaitable<std::vector<views::task_list>> scans_of(std::vector<model::target> targets,
                                                    model::group_list groups, steady_time until);
  awaitable<result<model::json>> build(std::function<model::json()> work);

  body_workers& workers_;
  queue::backend& queue_;
  views::entity_view& entities_;
  std::shared_ptr<const model::address_scope> scope_;
  entity_bounds bounds_;
  const clock& clock_;
  task_group writes_;
  views::task_view* scans_ = nullptr;
  response_builder* builder_ = nullptr;
  daily_quota* quota_ = nullptr;
  /// The writes of each user that are not folded yet.
  std::map<std::string, written_positions> unread_;
};

}  // namespace sonde::ingest
