#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/record.hpp"
#include "base/result.hpp"
#include "ingest/scans/body_lines.hpp"
#include "ingest/scans/bulk_entry.hpp"
#include "ingest/scans/bulk_order.hpp"
#include "ingest/scans/order_rules.hpp"
#include "ingest/scans/scan_context.hpp"
#include "ingest/scans/scan_writer.hpp"
#include "model/ids.hpp"
#include "views/task_view.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sonde::ingest {

/// Processes one body with many orders, from its first line to its response. Looks up the state of
/// all tasks before it writes any of them, as afterwards the view has to fold the writes.
///
/// Lives on one loop. Lets other requests go first after every few lines.
class bulk_run {
 public:
  /// `writer` outlives this object. `until`: the end of the time for the whole body.
  bulk_run(const scan_context& context, scan_writer& writer,
           std::shared_ptr<const order_rules> rules, bulk_order order, steady_time until);
  bulk_run(const bulk_run&) = delete;
  bulk_run& operator=(const bulk_run&) = delete;

  /// Processes the body. Called once.
  awaitable<result<bulk_receipts>> run();

 private:
  struct known_task {
    std::optional<views::task_summary> summary;
    bool webhooks = false;  ///< the summary includes its webhooks
  };

  [[nodiscard]] std::size_t end_of_batch(std::size_t begin) const;
  awaitable<void> let_others_go_first();
  /// Returns the next lines; empty at the end of the body.
  std::vector<numbered_line> next_slice();
  awaitable<result<std::vector<bulk_entry>>> read_lines(std::vector<numbered_line> lines);
  /// Processes one batch: the lines from `begin` up to but excluding `end`.
  awaitable<void> settle(std::size_t begin, std::size_t end);
  /// Looks up the tasks of a batch. Skips tasks that are known already: their entry includes what
  /// this body has added.
  awaitable<void> look_up(std::size_t begin, std::size_t end);
  /// Decides whether a line creates a task, finds one or is refused. Its request joins the batch.
  void decide(bulk_entry& one);
  /// Adds an order to a scan: its webhook, and a greater depth.
  void join(bulk_entry& one, views::task_summary& summary);
  /// Converts requests to records; on a worker if there are many.
  awaitable<result<std::vector<record>>> write_out(std::vector<numbered_request> requests);
  /// Writes the requests of the current batch. After a failure, the lines that need them are
  /// refused.
  awaitable<void> write(std::size_t begin, std::size_t end);
  /// Adds the result of a line to the response.
  void report(const bulk_entry& one);

  scan_context context_;
  scan_writer& writer_;
  bulk_order order_;
  steady_time until_;
  wall_time now_{};
  body_lines lines_;  ///< of the body in `order_`
  std::shared_ptr<const bulk_line_reader> reader_;
  std::size_t steps_ = 0;

  views::queued_counts queued_;
  std::unordered_map<model::target_key, known_task> known_;

  std::vector<bulk_entry> entries_;
  std::vector<numbered_request> requests_;           ///< of the current batch
  std::unordered_set<model::target_key> scheduled_;  ///< tasks that the batch creates

  bulk_receipts receipts_;
  bool wrote_ = false;
  std::optional<error> failure_;
};

}  // namespace sonde::ingest
