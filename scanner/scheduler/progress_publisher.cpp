#include "scanner/scheduler/progress_publisher.hpp"

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sonde::scanner {
namespace {

using std::chrono::seconds;

constexpr seconds publish_pause{1};
constexpr std::size_t progress_at_once = 200;
/// Time between two snapshots with cursors of one long scan.
constexpr seconds save_pause{10};

}  // namespace

progress_publisher::progress_publisher(scheduler_context context, task_ledger& ledger)
    : context_(std::move(context)), ledger_(ledger), news_(context_.loop), stop_(context_.loop) {}

void progress_publisher::begun(const model::scan_task& task, std::int32_t partition) {
  run begun;
  begun.id = task.current.id;
  begun.partition = partition;
  begun.saved_at = context_.time.steady_now();
  runs_[task.key] = std::move(begun);
}

void progress_publisher::reached(const model::target_key& key, const run_progress& progress) {
  auto its = runs_.find(key);
  if (its == runs_.end()) return;
  its->second.news = progress;
  news_.notify_all();
}

void progress_publisher::stop() {
  stop_.request();
  news_.notify_all();
}

awaitable<void> progress_publisher::publish() {
  auto has_news = [](const auto& each) { return each.second.news.has_value(); };
  while (!stop_.requested()) {
    while (!stop_.requested() && std::ranges::none_of(runs_, has_news))
      co_await news_.wait();
    co_await stop_.pause(publish_pause);
    co_await publish_once();
  }
}

awaitable<void> progress_publisher::publish_once() {
  std::vector<record> batch;
  std::vector<model::target_key> to_save;
  auto now = context_.time.steady_now();
  for (auto& [key, its] : runs_) {
    if (batch.size() >= progress_at_once) break;
    if (!its.news) continue;
    auto reached = std::move(*its.news);
    its.news.reset();
    model::progress_event event{key, its.id, reached.progress, context_.time.now()};
    batch.push_back(to_record(event));
    if (now - its.saved_at < save_pause || !ledger_.owns(its.partition)) continue;
    ledger_.change(key, its.partition, [&reached](std::optional<model::scan_task> task) {
      return model::advanced(std::move(*task), reached.progress, reached.cursors);
    });
    its.saved_at = now;
    to_save.push_back(key);
  }
  if (!batch.empty()) {
    auto written = co_await context_.queue.produce(std::move(batch));
    if (!written) context_.log.debug("progress not published");
  }
  if (!to_save.empty()) co_await ledger_.publish(std::move(to_save));
}

}  // namespace sonde::scanner
