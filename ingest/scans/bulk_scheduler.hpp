#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"
#include "base/result.hpp"
#include "ingest/scans/bulk_order.hpp"
#include "ingest/scans/order_reader.hpp"
#include "ingest/scans/scan_context.hpp"
#include "ingest/scans/scan_writer.hpp"

#include <cstdint>

namespace sonde::ingest {

/// Schedules many scans at once: a body with one order per line. The result of a line does not
/// affect the others, unless they are about the same task. At most `order_limits::bulk_bodies`
/// bodies are processed at a time; the others wait.
///
/// Lives on one loop. Every operation ends within `http_limits::http_answer_timeout_ms`.
class bulk_scheduler {
 public:
  /// `orders` and `writer` outlive this object.
  bulk_scheduler(const scan_context& context, const order_reader& orders, scan_writer& writer);

  /// Schedules every order of a body independently. Returns the results in the order of the lines;
  /// a task reported as `new` is durable. Fails if the body contains no order or too many, and if
  /// none of the new tasks could be made durable.
  awaitable<result<bulk_receipts>> schedule(bulk_order order);

 private:
  scan_context context_;
  const order_reader& orders_;
  scan_writer& writer_;
  condition place_free_;
  std::uint32_t bodies_ = 0;  ///< being processed
};

}  // namespace sonde::ingest
