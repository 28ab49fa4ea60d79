#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "ingest/http/response_builder.hpp"
#include "ingest/scans/bulk_scheduler.hpp"
#include "ingest/scans/order_reader.hpp"
#include "ingest/scans/scan_changes.hpp"
#include "ingest/scans/scan_context.hpp"
#include "ingest/scans/scan_receipt.hpp"
#include "ingest/scans/scan_writer.hpp"
#include "model/text/json.hpp"
#include "views/task_view.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace sonde::ingest {

/// Schedules and reads scans. Independent of HTTP. Owns the classes that read orders, change scans
/// and schedule many scans at once, because all of them share the rules and the writer.
///
/// Lives on one loop. Every operation ends within `http_limits::http_answer_timeout_ms`.
class scan_service {
 public:
  scan_service(const scan_context& context, order_rules rules);
  scan_service(const scan_service&) = delete;
  scan_service& operator=(const scan_service&) = delete;

  [[nodiscard]] order_reader& orders() { return orders_; }
  [[nodiscard]] scan_changes& changes() { return changes_; }
  [[nodiscard]] bulk_scheduler& bulk() { return bulk_; }

  /// Schedules a scan with the visibility `groups`. A returned new task is durable. `request_id` is
  /// stored in the record, so that its cause can be traced.
  awaitable<result<scan_receipt>> schedule(scan_order order, model::group_list groups,
                                           std::string request_id);

  /// Returns a task as JSON if these groups may see it. `wait`: waits at most this long for a
  /// change of its state or progress. The wait ends early once `abandoned` returns true, which is
  /// polled.
  awaitable<result<model::json>> look_up(std::string id, model::group_list groups,
                                         std::chrono::milliseconds wait,
                                         std::function<bool()> abandoned = {});
  /// Returns a page of tasks, newest first, with the cursor of the next page, as JSON text. The
  /// text is at most `views::limits::http_answer_bytes` and one task long.
  awaitable<result<std::string>> list(views::list_query query);

  /// Builds large responses with `builder`, which outlives this object. Call on the loop, or before
  /// it runs.
  void build_with(response_builder& builder) { builder_ = &builder; }
  [[nodiscard]] response_builder* builder() const { return builder_; }
  /// Counts orders in `quota`, which outlives this object. Call on the loop, or before it runs.
  void count_in(daily_quota& quota) { writer_.count_in(quota); }
  /// Ends all waits for a change of a scan, because the server is about to stop.
  void hurry();
  /// Waits for writes that continue after their request has timed out.
  awaitable<void> stop();

 private:
  awaitable<std::string> text_of(views::listed_task listed, model::task_state shown, bool whole);
  awaitable<model::task_state> shown_state(model::task_state state,
                                           std::vector<model::produced_position> produced,
                                           steady_time until);

  scan_context context_;
  order_reader orders_;
  scan_writer writer_;
  scan_changes changes_;
  bulk_scheduler bulk_;
  response_builder* builder_ = nullptr;
  bool hurrying_ = false;
};

}  // namespace sonde::ingest
