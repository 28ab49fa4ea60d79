#pragma once

#include "views/folding_view.hpp"
#include "views/limits.hpp"
#include "views/task_tables.hpp"
#include "views/task_view.hpp"
#include "views/task_watch.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The queries of `task_view`, which has their contracts, on the view's loop. Lives on that loop
/// and may block it. Internal to this folder.
class task_queries {
 public:
  task_queries(executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
               const limits& limits, logger& log);

  [[nodiscard]] result<> start() { return view_.start(); }
  awaitable<void> stop();

  awaitable<result<std::optional<model::scan_task>>> find(model::target_key key,
                                                          steady_time deadline);
  awaitable<result<task_and_counts>> find_with_counts(model::target_key key, std::string visibility,
                                                      steady_time deadline);
  awaitable<result<std::optional<found_task>>> find_by_id(model::task_id id,
                                                          model::group_list groups,
                                                          steady_time deadline);
  /// Parses a snapshot only if its columns have changed.
  awaitable<result<std::optional<found_task>>> wait_for_change(model::task_id id,
                                                               model::group_list groups,
                                                               task_mark since,
                                                               steady_time deadline);
  void end_waits() { watch_.end(); }
  awaitable<result<task_list>> list(list_query query, steady_time deadline);
  awaitable<result<queued_counts>> catch_up_and_count(std::string visibility, steady_time deadline);
  awaitable<bool> wait_until_folded(queue::position place, steady_time deadline);

  // Queries that do not wait:

  std::vector<std::optional<task_summary>> summaries_of(const std::vector<sought_task>& sought) {
    return tables_.summaries_of(sought);
  }
  queued_counts count_queued(const std::string& visibility) {
    return tables_.count_queued(visibility);
  }
  queue_summary summarise_queue() { return tables_.summarise_queue(); }
  view_health health() { return view_.health(); }
  std::optional<model::scan_task> snapshot(const model::target_key& key) {
    return tables_.snapshot(key);
  }
  std::vector<waiting_task> waiting(const std::vector<std::int32_t>& partitions,
                                    const std::string& visibility, std::size_t limit) {
    return tables_.backlog().waiting(partitions, visibility, limit);
  }
  std::vector<std::string> waiting_visibilities(const std::vector<std::int32_t>& partitions,
                                                const std::string& after, std::size_t limit) {
    return tables_.backlog().visibilities(partitions, after, limit);
  }
  std::vector<outbox_task> with_outbox(const std::vector<std::int32_t>& partitions,
                                       std::size_t limit) {
    return tables_.backlog().with_outbox(partitions, limit);
  }
  std::vector<model::target_key> overwritten(std::int32_t partition, const std::string& after,
                                             std::size_t limit) {
    return tables_.backlog().overwritten(partition, after, limit);
  }

 private:
  [[nodiscard]] std::optional<found_task> look_up(const model::task_id& id,
                                                  const model::group_list& groups);
  [[nodiscard]] bool put_listed(const list_query& query, const list_place& place,
                                std::size_t& bytes, std::vector<listed_task>& out);

  executor loop_;
  const limits& limits_;
  task_watch watch_;
  std::optional<model::scan_task> last_read_;  ///< until the next change
  task_tables tables_;
  folding_view view_;
};

}  // namespace sonde::views
