#include "daemon/roles/health_role.hpp"

#include "daemon/roles/wait_for.hpp"
#include "model/events.hpp"
#include "queue/metered.hpp"

#include <algorithm>
#include <iterator>

namespace sonde::daemon {
namespace {

/// Component that stands for all parts until they exist.
constexpr const char* starting_part = "process";

}  // namespace

health_role::health_role(const role_context& context, const checked_roles& roles)
    : role(context), roles_(roles), process_(context.counts) {}

result<> health_role::start_parts() {
  essential_parts parts;
  parts.queue = &roles_.queue.backend();
  parts.tasks = &roles_.views.tasks();
  parts.entities = roles_.views.entities();
  if (roles_.access != nullptr) parts.credentials = &roles_.access->credentials();
  parts.alone = roles_.scanner != nullptr && context_.config.queue.backend != "kafka";
  parts.threads = named_threads();
  auto create = [this, parts = std::move(parts)]() mutable {
    readiness_ = std::make_shared<readiness>(roles_.loops.http(), std::move(parts), context_.time,
                                             context_.log);
    return result<>();
  };
  return call_and_wait(roles_.loops.http(), std::move(create));
}

void health_role::stop_parts() {
  if (readiness_) run_and_wait(roles_.loops.http(), readiness_->stop());
}

std::vector<std::pair<std::string, executor>> health_role::named_threads() {
  auto out = roles_.views.threads();
  auto add = [&out](std::vector<std::pair<std::string, executor>> threads) {
    std::move(threads.begin(), threads.end(), std::back_inserter(out));
  };
  if (roles_.scanner != nullptr) add(roles_.scanner->threads());
  if (roles_.webhook != nullptr) add(roles_.webhook->threads());
  return out;
}

std::vector<executor> health_role::threads() {
  std::vector<executor> out{roles_.loops.http()};
  for (const auto& [name, loop] : named_threads())
    out.push_back(loop);
  return out;
}

awaitable<std::vector<ingest::component>> health_role::components() {
  if (readiness_) {
    auto parts = co_await readiness_->ask();
    co_return parts;
  }
  std::vector<ingest::component> starting;
  starting.push_back({starting_part, "the process is starting", std::nullopt});
  co_return starting;
}

awaitable<std::string> health_role::metrics_text() {
  auto& counts = context_.counts;
  co_await show_lag();
  counts.show("sonde_build_info", "Always 1.", {{"version", SONDE_VERSION}}).set(1);
  bool answered = co_await show_readiness();
  // A view whose thread is blocked would not answer.
  if (answered) co_await show_backlog();
  queue::show_sizes(roles_.queue.backend(), counts);
  show_disk();
  if (roles_.http != nullptr) roles_.http->show_metrics();
  process_.refresh();
  co_return counts.text();
}

awaitable<void> health_role::show_lag() {
  auto& backend = roles_.queue.backend();
  auto& counts = context_.counts;
  auto requests = co_await queue::show_lag(backend, scanner::scanner_group,
                                           model::topics::scan_requests, counts);
  auto messages = co_await queue::show_lag(backend, webhook::dispatcher_group,
                                           model::topics::webhook_requests, counts);
  for (const auto* shown : {&requests, &messages}) {
    if (*shown) continue;
    context_.log.warning("lag of the consumer groups unknown",
                         {{"reason", shown->error().message()}});
  }
}

/// Publishes the backlog. The lag of the scheduler's group does not contain scans that it has taken
/// in and that wait.
awaitable<void> health_role::show_backlog() {
  auto& counts = context_.counts;
  auto waiting = co_await roles_.views.tasks().summarise_queue();
  counts.show("sonde_scans_queued", "Queued scans.").set(static_cast<double>(waiting.scans));
  auto age = waiting.oldest ? context_.time.now() - *waiting.oldest : std::chrono::milliseconds(0);
  counts
      .show("sonde_scans_oldest_queued_seconds", "Time since the oldest queued scan was requested.")
      .set(std::chrono::duration<double>(age).count());
}

awaitable<bool> health_role::show_readiness() {
  auto& counts = context_.counts;
  auto parts = co_await components();
  bool all = true;
  bool threads_answer = true;
  for (const auto& part : parts) {
    bool well = part.reason.empty();
    all = all && well;
    threads_answer = threads_answer && (well || !part.name.starts_with("thread "));
    if (part.name == starting_part) continue;
    metrics::labels labels{{"component", part.name}};
    counts.show("sonde_component_ready", "1 if a part makes progress.", labels).set(well ? 1 : 0);
  }
  counts.show("sonde_ready", "1 if all parts make progress.").set(all ? 1 : 0);
  co_return threads_answer;
}

/// Publishes the disk use. It is cheap: there are few files, and the kernel caches their sizes.
void health_role::show_disk() {
  if (!context_.view_folder) return;
  const auto& folder = *context_.view_folder;
  std::error_code failed;
  auto space = std::filesystem::space(folder, failed);
  if (!failed) {
    context_.counts.show("sonde_data_free_bytes", "Free space for the data folder.")
        .set(static_cast<double>(space.available));
  }
  std::filesystem::directory_iterator files(folder, failed);
  for (std::filesystem::directory_iterator end; !failed && files != end; files.increment(failed)) {
    auto name = files->path().filename().string();
    if (!name.ends_with(".db") && !name.ends_with(".db-wal")) continue;
    std::error_code gone;
    auto size = files->file_size(gone);
    if (gone) continue;
    context_.counts
        .show("sonde_data_file_bytes", "Size of a file in the data folder.", {{"file", name}})
        .set(static_cast<double>(size));
  }
}

}  // namespace sonde::daemon
