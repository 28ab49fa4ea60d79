#pragma once

#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "ingest/body_workers.hpp"
#include "ingest/daily_quota.hpp"
#include "ingest/order_rules.hpp"
#include "ingest/response_builder.hpp"
#include "model/json.hpp"
#include "model/scan_request.hpp"
#include "queue/io.hpp"
#include "views/entity_view.hpp"
#include "views/task_view.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::ingest {

/// What becomes of an order: a new task, or one that is there already.
struct scan_receipt {
  model::task_id id;
  std::string status;  ///< `new`, `queued`, `running` or `done`
  [[nodiscard]] bool is_new() const { return status == "new"; }
};

/// A body of many orders, one a line, and whose it is.
struct bulk_order {
  std::string body;
  model::group_list groups;  ///< that may see the scans
  std::string traceparent;
  std::string request_id;
  std::string owner = {};  ///< the user
};

/// What came of such a body: a line of JSON for each of its orders.
struct bulk_receipts {
  std::string lines;
  bool some_refused = false;
};

/// Scheduling scans and looking at them, apart from HTTP. Judges freshness, and alone does so.
///
/// Lives on one loop; everything it does ends within `limits::http_answer_timeout_ms`.
class scan_service {
 public:
  scan_service(body_workers& workers, queue::backend& queue, views::task_view& tasks,
               views::entity_view& entities, order_rules rules, const limits& limits,
               const clock& clock, logger& log);

  /// From a request's JSON. Errors name the field, what is wrong with it, and the mend. `owner`:
  /// the user who asks; their webhooks are signed with secrets of theirs.
  [[nodiscard]] result<scan_order> parse_order(const model::json& body,
                                               const std::string& owner) const;
  /// The same from a body, which is read on a worker where it is large.
  awaitable<result<scan_order>> read_order(std::string body, caller who);
  /// What messages to this URL are signed with for this owner, the newest first.
  [[nodiscard]] result<std::vector<std::string>> webhook_secrets(const std::string& url,
                                                                 const std::string& owner) const;

  /// `groups` may see the scan. When it returns a new task, that is durable. `request_id` is in
  /// the record, for whoever looks for its cause.
  awaitable<result<scan_receipt>> schedule(scan_order order, model::group_list groups,
                                           std::string request_id);

  /// Every order of a body, each by itself. Returns what came of them, in their order; whatever it
  /// says of a new task is durable. Fails where there is no order in the
  /// body or there are too many, and where none of what had to be made durable could be.
  awaitable<result<bulk_receipts>> schedule_many(bulk_order order);

  /// A task by its id, as JSON, if these groups may see it. `wait`: until its state or progress
  /// changes, but no longer than this, and not once `given_up`, which is looked at now and then.
  awaitable<result<model::json>> look_up(std::string id, model::group_list groups,
                                         std::chrono::milliseconds wait,
                                         std::function<bool()> given_up = {});
  /// A page of tasks, newest first, with the cursor of the next one: as JSON text, no longer than
  /// `limits::http_answer_bytes` and one task.
  awaitable<result<std::string>> list(views::list_query query);

  /// Ends a scan that has not ended, for good. The answer names the state that it was in; that of
  /// an ended scan is no error, so that asking twice is none. `by` is who asks.
  awaitable<result<scan_receipt>> cancel(std::string id, model::group_list groups, std::string by,
                                         std::string request_id);

  /// Until this was called webhooks are refused. On its loop, or before it runs.
  void accept_webhooks(std::shared_ptr<const model::webhook_keys> keys, model::webhook_guard guard);

  /// Builds what may be large with it, which outlives this. On its loop, or before it runs.
  void build_with(response_builder& builder) { builder_ = &builder; }
  [[nodiscard]] response_builder* builder() const { return builder_; }
  /// Counts what is asked for. On its loop, or before it runs; `quota` outlives it.
  void count_in(daily_quota& quota) { quota_ = &quota; }
  void set_scope(std::shared_ptr<const model::address_scope> scope);
  /// Ends what waits for a scan to change: the server is about to stop.
  void hurry();
  /// Waits for writes that nobody waits for any more.
  awaitable<void> stop();

 private:
  class bulk_run;

  [[nodiscard]] steady_time deadline() const;
  [[nodiscard]] result<> check_room(const views::queued_counts& queued) const;
  awaitable<std::string> text_of(views::listed_task listed, model::task_state shown, bool whole);
  /// Makes a request durable, and says where it stands.
  awaitable<result<queue::position>> write(model::scan_request request, std::string request_id,
                                           steady_time until);
  awaitable<result<>> attach(model::scan_task task, scan_order order, std::string request_id,
                             steady_time until);
  awaitable<model::task_state> shown_state(model::task_state state,
                                           std::vector<model::produced_position> produced,
                                           steady_time until);

  body_workers& workers_;
  queue::backend& queue_;
  views::task_view& tasks_;
  views::entity_view& entities_;
  std::shared_ptr<const order_rules> rules_;
  const limits& limits_;
  const clock& clock_;
  task_group writes_;
  response_builder* builder_ = nullptr;
  daily_quota* quota_ = nullptr;
  condition bulk_turn_;
  std::uint32_t bulk_bodies_ = 0;  ///< at work
  bool hurrying_ = false;
};

}  // namespace sonde::ingest
