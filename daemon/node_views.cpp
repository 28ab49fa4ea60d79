// What a process knows of its topics: the views that its roles ask.

#include "daemon/node.hpp"

namespace sonde::daemon {

result<> node::start_views() {
  auto file = [this](const char* name) -> std::optional<std::filesystem::path> {
    if (!view_folder_) return std::nullopt;
    return *view_folder_ / name;
  };
  auto tasks = views::open_task_view(task_view_loop_.get_executor(), *queue_, file("tasks.db"),
                                     config_.limits, log_);
  if (!tasks) return tasks.error();
  tasks_ = std::move(*tasks);
  // Who only scans asks for no entity, and folding them all would be most of its work.
  if (has_role("ingest") || has_role("view")) {
    std::vector<executor> reading;
    for (auto& loop : entity_read_loops_)
      reading.push_back(loop.get_executor());
    auto entities = views::open_entity_view(entity_view_loop_.get_executor(), reading, *queue_,
                                            file("entities.db"), config_.limits, log_);
    if (!entities) return entities.error();
    entities_ = std::move(*entities);
  }
  // Who serves nobody has nothing to give again.
  if (has_role("ingest") && http_wanted_) {
    auto answers =
        views::open_idempotency_view(entity_view_loop_.get_executor(), *queue_,
                                     file("idempotency.db"), config_.limits, clock_, log_);
    if (!answers) return answers.error();
    answers_ = std::move(*answers);
  }
  task_view_loop_.start();
  entity_view_loop_.start();
  for (auto& loop : entity_read_loops_)
    loop.start();
  return {};
}

}  // namespace sonde::daemon
