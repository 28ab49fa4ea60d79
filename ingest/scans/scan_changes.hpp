#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "ingest/scans/order_rules.hpp"
#include "ingest/scans/scan_context.hpp"
#include "ingest/scans/scan_receipt.hpp"
#include "ingest/scans/scan_writer.hpp"
#include "model/scan/scan_task.hpp"

#include <string>

namespace sonde::ingest {

/// Changes existing scans: adds orders to them, and cancels them. A change is a request like the
/// first one and takes the same path.
///
/// Lives on one loop. Every operation ends within `http_limits::http_answer_timeout_ms`.
/// `request_id` is stored in the record, so that its cause can be traced.
class scan_changes {
 public:
  /// `writer` outlives this object.
  scan_changes(const scan_context& context, scan_writer& writer);

  /// Adds an order to the current scan of a task: its webhook, and a greater depth.
  awaitable<result<>> join(model::scan_task task, scan_order order, std::string request_id,
                           steady_time until);

  /// Cancels a scan that has not ended, permanently. The receipt contains its previous state. An
  /// ended scan is no error, so cancelling twice is safe. `by`: the user who cancels.
  awaitable<result<scan_receipt>> cancel(std::string id, model::group_list groups, std::string by,
                                         std::string request_id);

 private:
  scan_context context_;
  scan_writer& writer_;
};

}  // namespace sonde::ingest
