// Whether a process gets on with its work, as /readyz tells it.

#include "daemon/node.hpp"

namespace sonde::daemon {
namespace {

/// Stands for all parts until there are any.
constexpr const char* starting_part = "process";

}  // namespace

std::vector<std::pair<std::string, executor>> node::named_threads() {
  std::vector<std::pair<std::string, executor>> out;
  auto add = [&out](event_loop& loop) { out.emplace_back(loop.name(), loop.get_executor()); };
  add(task_view_loop_);
  if (entities_) add(entity_view_loop_);
  if (scheduler_) {
    add(scheduler_loop_);
    for (auto& thread : engines_->threads())
      out.push_back(std::move(thread));
  }
  if (sender_) add(webhook_loop_);
  return out;
}

std::vector<executor> node::threads() {
  std::vector<executor> out{http_loop_.get_executor()};
  for (const auto& [name, loop] : named_threads())
    out.push_back(loop);
  return out;
}

void node::begin_to_be_ready() {
  essential_parts parts;
  parts.queue = queue_.get();
  parts.tasks = tasks_.get();
  parts.entities = entities_.get();
  parts.credentials = credentials_.get();
  parts.alone = scheduler_ != nullptr && config_.queue.backend != "kafka";
  parts.threads = named_threads();
  auto made =
      std::make_shared<readiness>(http_loop_.get_executor(), std::move(parts), clock_, log_);
  auto take = [this, made = std::move(made)]() mutable { readiness_ = std::move(made); };
  asio::post(http_loop_.get_executor(), std::move(take));
}

awaitable<std::vector<ingest::component>> node::components() {
  if (readiness_) {
    auto parts = co_await readiness_->ask();
    co_return parts;
  }
  std::vector<ingest::component> starting;
  starting.push_back({starting_part, "the process is starting", std::nullopt});
  co_return starting;
}

awaitable<void> node::stop_readiness() {
  if (readiness_) co_await readiness_->stop();
}

/// A lag of the scheduler's group says nothing of scans that it has taken in and that wait.
awaitable<void> node::show_backlog() {
  auto waiting = co_await tasks_->summarise_queue();
  counts_.show("sonde_scans_queued", "Scans that wait for their turn.")
      .set(static_cast<double>(waiting.scans));
  auto age = waiting.oldest ? clock_.now() - *waiting.oldest : std::chrono::milliseconds(0);
  counts_.show("sonde_scans_oldest_queued_seconds", "Since the oldest of them was requested.")
      .set(std::chrono::duration<double>(age).count());
}

awaitable<bool> node::show_readiness() {
  auto parts = co_await components();
  bool all = true;
  bool threads_answer = true;
  for (const auto& part : parts) {
    bool well = part.trouble.empty();
    all = all && well;
    threads_answer = threads_answer && (well || !part.name.starts_with("thread "));
    if (part.name == starting_part) continue;
    metrics::labels labels{{"component", part.name}};
    counts_.show("sonde_component_ready", "1 where a part gets on with its work.", labels)
        .set(well ? 1 : 0);
  }
  counts_.show("sonde_ready", "1 where all parts get on with their work.").set(all ? 1 : 0);
  co_return threads_answer;
}

/// A few files, whose sizes the kernel has at hand.
void node::show_disk() {
  if (!view_folder_) return;
  std::error_code failed;
  auto space = std::filesystem::space(*view_folder_, failed);
  if (!failed) {
    counts_.show("sonde_data_free_bytes", "Free for the data folder.")
        .set(static_cast<double>(space.available));
  }
  std::filesystem::directory_iterator files(*view_folder_, failed);
  for (std::filesystem::directory_iterator end; !failed && files != end; files.increment(failed)) {
    auto name = files->path().filename().string();
    if (!name.ends_with(".db") && !name.ends_with(".db-wal")) continue;
    std::error_code gone;
    auto size = files->file_size(gone);
    if (gone) continue;
    counts_.show("sonde_data_file_bytes", "Of a file in the data folder.", {{"file", name}})
        .set(static_cast<double>(size));
  }
}

void node::show_certificate() {
  auto shown = counts_.show("sonde_tls_certificate_expiry_timestamp_seconds",
                            "When this server's certificate expires, since the epoch.");
  shown.set(std::chrono::duration<double>(tls_->expires().time_since_epoch()).count());
}

}  // namespace sonde::daemon
