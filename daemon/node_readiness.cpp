// Whether a process gets on with its work, as /readyz tells it.

#include "daemon/node.hpp"

namespace sonde::daemon {

void node::begin_to_be_ready() {
  essential_parts parts;
  parts.queue = queue_.get();
  parts.tasks = tasks_.get();
  parts.entities = entities_.get();
  parts.credentials = credentials_.get();
  parts.alone = scheduler_ != nullptr && config_.queue.backend != "kafka";
  parts.threads.emplace_back("view-tasks", task_view_loop_.get_executor());
  if (entities_) parts.threads.emplace_back("view-entities", entity_view_loop_.get_executor());
  if (scheduler_) {
    parts.threads.emplace_back("scheduler", scheduler_loop_.get_executor());
    for (auto& thread : engines_->threads())
      parts.threads.push_back(std::move(thread));
  }
  if (sender_) parts.threads.emplace_back("webhook", webhook_loop_.get_executor());
  auto made = std::make_shared<readiness>(std::move(parts), clock_);
  auto take = [this, made = std::move(made)]() mutable { readiness_ = std::move(made); };
  asio::post(http_loop_.get_executor(), std::move(take));
}

awaitable<std::vector<ingest::component>> node::what_is_not_ready() {
  if (readiness_) {
    auto parts = co_await readiness_->ask();
    co_return parts;
  }
  std::vector<ingest::component> starting;
  starting.push_back({"process", "the process is starting", std::nullopt});
  co_return starting;
}

}  // namespace sonde::daemon
