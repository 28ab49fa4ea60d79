#include "daemon/roles/views_role.hpp"

#include "daemon/roles/wait_for.hpp"

namespace sonde::daemon {

views_role::views_role(const role_context& context, queue_role& queue)
    : role(context), queue_(queue) {}

std::optional<std::filesystem::path> views_role::file(const char* name) const {
  if (!context_.view_folder) return std::nullopt;
  return *context_.view_folder / name;
}

result<> views_role::open_tasks() {
  auto opened = views::open_task_view(task_loop_.get_executor(), queue_.backend(), file("tasks.db"),
                                      context_.config.limits, context_.log);
  if (!opened) return opened.error();
  tasks_ = std::move(*opened);
  return {};
}

result<> views_role::open_entities() {
  std::vector<executor> reading;
  for (auto& loop : entity_read_loops_)
    reading.push_back(loop.get_executor());
  auto opened = views::open_entity_view(entity_loop_.get_executor(), reading, queue_.backend(),
                                        file("entities.db"), context_.config.limits, context_.log);
  if (!opened) return opened.error();
  entities_ = std::move(*opened);
  return {};
}

result<> views_role::open_cached_responses() {
  auto opened = views::open_idempotency_view(entity_loop_.get_executor(), queue_.backend(),
                                             file("idempotency.db"), context_.config.limits,
                                             context_.time, context_.log);
  if (!opened) return opened.error();
  cached_responses_ = std::move(*opened);
  return {};
}

result<> views_role::start_parts() {
  if (auto opened = open_tasks(); !opened) return opened;
  // A process that only scans needs no entities, and folding them all would be most of its work.
  if (context_.serves_facts()) {
    if (auto opened = open_entities(); !opened) return opened;
  }
  // A process without HTTP callers has no cached responses.
  if (context_.has_role("ingest") && context_.http == http_use::listen) {
    if (auto opened = open_cached_responses(); !opened) return opened;
  }
  start_loops();
  return {};
}

void views_role::start_loops() {
  task_loop_.start();
  entity_loop_.start();
  for (auto& loop : entity_read_loops_)
    loop.start();
}

std::vector<std::pair<std::string, executor>> views_role::threads() {
  std::vector<std::pair<std::string, executor>> out;
  out.emplace_back(task_loop_.name(), task_loop_.get_executor());
  if (entities_) out.emplace_back(entity_loop_.name(), entity_loop_.get_executor());
  return out;
}

void views_role::stop_parts() {
  // If the start failed midway, the views that exist are stopped in the usual way.
  start_loops();
  if (cached_responses_) run_and_wait(entity_loop_.get_executor(), cached_responses_->stop());
  if (tasks_) run_and_wait(task_loop_.get_executor(), tasks_->stop());
  if (entities_) run_and_wait(entity_loop_.get_executor(), entities_->stop());
  task_loop_.join();
  entity_loop_.join();
  for (auto& loop : entity_read_loops_)
    loop.join();
}

}  // namespace sonde::daemon
