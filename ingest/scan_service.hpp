#pragma once

#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "ingest/body_workers.hpp"
#include "ingest/order_rules.hpp"
#include "model/json.hpp"
#include "model/scan_request.hpp"
#include "queue/io.hpp"
#include "views/entity_view.hpp"
#include "views/task_view.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

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
  std::string caller;  ///< whose turns its lines are checked in
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

  /// From a request's JSON. Errors name the field, what is wrong with it, and the mend.
  [[nodiscard]] result<scan_order> parse_order(const model::json& body) const;
  /// The same from a body, which is read on a worker where it is large.
  awaitable<result<scan_order>> read_order(std::string body, std::string caller);

  /// `groups` may see the scan. When it returns a new task, that is durable. `request_id` is in
  /// the record, for whoever looks for its cause.
  awaitable<result<scan_receipt>> schedule(scan_order order, model::group_list groups,
                                           std::string request_id);

  /// Every order of a body, each by itself. Returns what came of them, in their order; whatever it
  /// says of a new task is durable. Fails where there is no order in the
  /// body or there are too many, and where none of what had to be made durable could be.
  awaitable<result<bulk_receipts>> schedule_many(bulk_order order);

  /// A task by its id, as JSON, if these groups may see it. `wait`: until its state or progress
  /// changes, but no longer than this. Where it has many results it is put together by a worker, in
  /// the turn of `caller`.
  awaitable<result<model::json>> look_up(std::string id, model::group_list groups,
                                         std::chrono::milliseconds wait, std::string caller = {});
  /// A page of tasks, newest first, with the cursor of the next one.
  awaitable<result<model::json>> list(views::list_query query, std::string caller = {});
  /// What the two have returned, as text.
  awaitable<result<std::string>> write_out(model::json answer, std::string caller);

  /// Ends a scan that has not ended, for good. The answer names the state that it was in; that of
  /// an ended scan is no error, so that asking twice is none. `by` is who asks.
  awaitable<result<scan_receipt>> cancel(std::string id, model::group_list groups, std::string by,
                                         std::string request_id);

  /// Until this was called webhooks are refused. On its loop, or before it runs.
  void accept_webhooks(std::shared_ptr<const model::webhook_keys> keys, model::webhook_guard guard);

  void set_scope(std::shared_ptr<const model::address_scope> scope);
  /// Ends what waits for a scan to change: the server is about to stop.
  void hurry() { hurrying_ = true; }
  /// Waits for writes that nobody waits for any more.
  awaitable<void> stop();

 private:
  class bulk_run;

  [[nodiscard]] steady_time deadline() const;
  [[nodiscard]] result<> check_room(const views::queued_counts& queued) const;
  awaitable<result<std::optional<views::found_task>>> wait_for_news(
      model::task_id task, std::optional<views::found_task> first, steady_time until);
  /// Makes a request durable, and says where it stands.
  awaitable<result<queue::position>> write(model::scan_request request, std::string request_id,
                                           steady_time until);
  awaitable<result<>> attach(model::scan_task task, std::optional<model::webhook> hook,
                             std::string traceparent, std::string request_id, steady_time until);
  awaitable<result<model::json>> describe(views::found_task found, model::task_state state,
                                          std::string caller, steady_time until);
  awaitable<model::task_state> shown_state(const views::found_task& found, steady_time until);

  body_workers& workers_;
  queue::backend& queue_;
  views::task_view& tasks_;
  views::entity_view& entities_;
  std::shared_ptr<const order_rules> rules_;
  const limits& limits_;
  const clock& clock_;
  task_group writes_;
  condition bulk_turn_;
  std::uint32_t bulk_bodies_ = 0;  ///< at work
  bool hurrying_ = false;
};

}  // namespace sonde::ingest
