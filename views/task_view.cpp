#include "views/task_view.hpp"

#include "model/events.hpp"
#include "views/run_member_on.hpp"
#include "views/task_queries.hpp"

namespace sonde::views {

task_mark found_task::mark() const {
  return {generation ? generation->state : task.current.state, task.progress};
}

bool found_task::has_news_since(const task_mark& before) const {
  if (!generation || model::is_terminal(generation->state)) return true;
  if (generation->state != before.state) return true;
  return is_current() && task.progress != before.progress;
}

task_view::task_view(executor loop, std::unique_ptr<task_queries> queries)
    : loop_(std::move(loop)), queries_(std::move(queries)) {}

task_view::~task_view() = default;

awaitable<result<std::optional<model::scan_task>>> task_view::find(model::target_key key,
                                                                   steady_time deadline) {
  return run_member_on(loop_, *queries_, &task_queries::find, std::move(key), deadline);
}

awaitable<result<task_and_counts>> task_view::find_with_counts(model::target_key key,
                                                               std::string visibility,
                                                               steady_time deadline) {
  return run_member_on(loop_, *queries_, &task_queries::find_with_counts, std::move(key),
                       std::move(visibility), deadline);
}

awaitable<result<std::optional<found_task>>> task_view::find(model::task_id id,
                                                             model::group_list groups,
                                                             steady_time deadline) {
  return run_member_on(loop_, *queries_, &task_queries::find_by_id, std::move(id),
                       std::move(groups), deadline);
}

awaitable<result<std::optional<found_task>>> task_view::wait_for_change(model::task_id id,
                                                                        model::group_list groups,
                                                                        task_mark since,
                                                                        steady_time deadline) {
  return run_member_on(loop_, *queries_, &task_queries::wait_for_change, std::move(id),
                       std::move(groups), since, deadline);
}

void task_view::end_waits() {
  asio::post(loop_, [&queries = *queries_] { queries.end_waits(); });
}

awaitable<result<task_list>> task_view::list(list_query query, steady_time deadline) {
  return run_member_on(loop_, *queries_, &task_queries::list, std::move(query), deadline);
}

awaitable<result<queued_counts>> task_view::catch_up_and_count(std::string visibility,
                                                               steady_time deadline) {
  return run_member_on(loop_, *queries_, &task_queries::catch_up_and_count, std::move(visibility),
                       deadline);
}

awaitable<std::vector<std::optional<task_summary>>> task_view::summaries_of(
    std::vector<sought_task> sought) {
  return run_member_on(loop_, *queries_, &task_queries::summaries_of, std::move(sought));
}

awaitable<queued_counts> task_view::count_queued(std::string visibility) {
  return run_member_on(loop_, *queries_, &task_queries::count_queued, std::move(visibility));
}

awaitable<queue_summary> task_view::summarise_queue() {
  return run_member_on(loop_, *queries_, &task_queries::summarise_queue);
}

awaitable<view_health> task_view::health() {
  return run_member_on(loop_, *queries_, &task_queries::health);
}

awaitable<std::optional<model::scan_task>> task_view::snapshot(model::target_key key) {
  return run_member_on(loop_, *queries_, &task_queries::snapshot, std::move(key));
}

awaitable<std::vector<waiting_task>> task_view::waiting(std::vector<std::int32_t> partitions,
                                                        std::string visibility, std::size_t limit) {
  return run_member_on(loop_, *queries_, &task_queries::waiting, std::move(partitions),
                       std::move(visibility), limit);
}

awaitable<std::vector<std::string>> task_view::waiting_visibilities(
    std::vector<std::int32_t> partitions, std::string after, std::size_t limit) {
  return run_member_on(loop_, *queries_, &task_queries::waiting_visibilities, std::move(partitions),
                       std::move(after), limit);
}

awaitable<std::vector<outbox_task>> task_view::with_outbox(std::vector<std::int32_t> partitions,
                                                           std::size_t limit) {
  return run_member_on(loop_, *queries_, &task_queries::with_outbox, std::move(partitions), limit);
}

awaitable<std::vector<model::target_key>> task_view::overwritten(std::int32_t partition,
                                                                 std::string after,
                                                                 std::size_t limit) {
  return run_member_on(loop_, *queries_, &task_queries::overwritten, partition, std::move(after),
                       limit);
}

awaitable<bool> task_view::wait_until_folded(queue::position place, steady_time deadline) {
  return run_member_on(loop_, *queries_, &task_queries::wait_until_folded, std::move(place),
                       deadline);
}

awaitable<void> task_view::stop() {
  return run_member_on(loop_, *queries_, &task_queries::stop);
}

result<std::unique_ptr<task_view>> open_task_view(executor loop, queue::backend& queue,
                                                  std::optional<std::filesystem::path> file,
                                                  const limits& limits, logger& log) {
  auto queries = std::make_unique<task_queries>(loop, queue, std::move(file), limits, log);
  if (auto started = queries->start(); !started) return started.error();
  return std::unique_ptr<task_view>(new task_view(std::move(loop), std::move(queries)));
}

}  // namespace sonde::views
