#pragma once

#include "base/async/asio.hpp"
#include "base/async/task_group.hpp"
#include "base/record.hpp"
#include "base/result.hpp"
#include "ingest/auth/daily_quota.hpp"
#include "ingest/scans/scan_context.hpp"
#include "model/scan/scan_request.hpp"
#include "queue/io.hpp"

#include <string>
#include <vector>

namespace sonde::ingest {

/// Writes scan requests to their topic. The result of a write is success once its records are
/// durable. `errc::unavailable`: they were not durable in time, and the write continues.
///
/// Lives on one loop.
class scan_writer {
 public:
  explicit scan_writer(const scan_context& context);

  /// Writes a request and returns its position. `request_id` is stored in the record, so that its
  /// cause can be traced.
  awaitable<result<queue::position>> write(model::scan_request request, std::string request_id,
                                           steady_time until);
  /// Writes the records of a tenant's requests.
  awaitable<result<std::vector<queue::position>>> write_all(std::vector<record> batch,
                                                            model::group_list groups,
                                                            steady_time until);

  /// Counts what becomes durable in `quota`, which outlives this object. Call on the loop, or
  /// before it runs.
  void count_in(daily_quota& quota) { quota_ = &quota; }
  /// Waits for writes that continue after their request has timed out.
  awaitable<void> stop();

 private:
  scan_context context_;
  task_group writes_;
  daily_quota* quota_ = nullptr;
};

}  // namespace sonde::ingest
