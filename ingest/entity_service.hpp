#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "ingest/body_workers.hpp"
#include "ingest/daily_quota.hpp"
#include "ingest/http_message.hpp"
#include "ingest/port_verdicts.hpp"
#include "ingest/response_builder.hpp"
#include "ingest/submission_job.hpp"
#include "model/address_scope.hpp"
#include "model/json.hpp"
#include "queue/io.hpp"
#include "views/entity_view.hpp"
#include "views/task_view.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sonde::ingest {

/// Taking facts in (entities, associations, comments) and telling them, apart from HTTP.
///
/// What is taken in is durable when the call returns. A caller reads in this process what they have
/// written here. Errors name the field, what is wrong with it, and the mend. Lives on one loop;
/// everything it does ends within `limits::http_answer_timeout_ms`.
class entity_service {
 public:
  entity_service(body_workers& workers, queue::backend& queue, views::entity_view& entities,
                 std::shared_ptr<const model::address_scope> scope, const limits& limits,
                 const clock& clock, logger& log);

  // Bodies are JSON texts. A large one is read and checked on a worker, and so is one that takes
  // long to check; `errc::too_large`: longer than one request may.

  /// `POST /entity`: the entity's id.
  awaitable<result<std::string>> submit(std::string body, submitted_by from);
  /// `POST /well-known`: the entity's id.
  awaitable<result<std::string>> submit_well_known(std::string body, submitted_by from);
  /// `POST /association`: the association's id. Both ends have to be there.
  awaitable<result<std::string>> associate(std::string body, submitted_by from);
  /// `POST /comment`: the comment's id. The entity has to be there, and so has the comment that
  /// this one answers.
  awaitable<result<std::string>> comment(std::string body, submitted_by from);

  // Reads. `errc::not_found`: there is no such entity for this caller.
  awaitable<result<model::json>> details(std::string id, caller who);
  awaitable<result<model::json>> relations(std::string id, caller who, std::uint32_t levels,
                                           std::uint32_t limit);
  awaitable<result<model::json>> comments(std::string id, caller who);

  /// Adds verdicts of the scans in this view to ports and services. The view outlives the service.
  /// Call it on the loop, or before the loop runs.
  void compare_with(views::task_view& scans) { scans_ = &scans; }
  /// Builds what may be large with it, which outlives this. On its loop, or before it runs.
  void build_with(response_builder& builder) { builder_ = &builder; }
  [[nodiscard]] response_builder* builder() const { return builder_; }
  /// Counts what is taken in. On its loop, or before it runs; `quota` outlives it.
  void count_in(daily_quota& quota) { quota_ = &quota; }
  void set_scope(std::shared_ptr<const model::address_scope> scope);
  /// Waits for writes that nobody waits for any more.
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
  const limits& limits_;
  const clock& clock_;
  task_group writes_;
  views::task_view* scans_ = nullptr;
  response_builder* builder_ = nullptr;
  daily_quota* quota_ = nullptr;
  std::map<std::string, written_positions> unread_;  ///< by user: not yet seen to be folded
};

}  // namespace sonde::ingest
