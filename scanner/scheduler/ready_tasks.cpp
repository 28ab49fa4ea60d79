#include "scanner/scheduler/ready_tasks.hpp"

#include <algorithm>
#include <utility>

namespace sonde::scanner {
namespace {

/// Ready tasks as a multiple of the tasks that may run: enough to query the view rarely.
constexpr std::size_t ready_factor = 4;
/// Maximum number of tenants in one query of the view.
constexpr std::size_t tenants_at_once = 128;

}  // namespace

ready_tasks::ready_tasks(scheduler_context context, task_ledger& ledger,
                         model::profile_book profiles)
    : context_(std::move(context)), ledger_(ledger), profiles_(std::move(profiles)) {}

bool ready_tasks::add(const model::scan_task& task, std::int32_t partition) {
  if (task.current.state != model::task_state::queued || is_suspended(partition)) return false;
  if (view_has_more_ || ready_.size() >= ready_factor * context_.bounds.running_tasks) {
    view_has_more_ = true;
    return false;
  }
  views::waiting_task waiting;
  waiting.key = task.key;
  waiting.visibility = views::visibility_text(task.visibility);
  waiting.priority = task.priority;
  waiting.requested = task.current.requested;
  waiting.profile = task.profile;
  waiting.ports = task.ports;
  waiting.partition = partition;
  make_ready(std::move(waiting));
  return true;
}

/// Stores only a key and its place in the order: a list of ports would take 25 KB per task.
void ready_tasks::make_ready(views::waiting_task task) {
  if (task.probes == 0) {
    auto ports = profiles_.ports_of(task.profile, task.ports);
    task.probes = ports ? ports->size() : 1;
  }
  task.profile = {};
  task.ports = {};
  auto cost = task.probes;
  ready_.add(std::move(task), cost);
}

void ready_tasks::suspend(const std::vector<std::int32_t>& partitions) {
  suspended_.insert(partitions.begin(), partitions.end());
  ready_.remove_if(
      [this](const views::waiting_task& task) { return is_suspended(task.partition); });
}

/// Returns the owned partitions that are not suspended.
std::vector<std::int32_t> ready_tasks::open_partitions() const {
  auto out = ledger_.owned();
  std::erase_if(out, [this](std::int32_t partition) { return is_suspended(partition); });
  return out;
}

bool ready_tasks::is_low() const {
  return view_has_more_ && ready_.size() < context_.bounds.running_tasks;
}

awaitable<bool> ready_tasks::refill(running_tasks running) {
  view_has_more_ = false;
  auto unseen = ledger_.unseen();
  for (const auto& place : unseen)
    co_await context_.view.wait_until_folded(place, steady_time::max());
  auto partitions = open_partitions();
  auto most_ready = ready_factor * context_.bounds.running_tasks;
  auto room = most_ready - std::min<std::size_t>(most_ready, ready_.size());
  auto tenants = co_await tenants_in_turn(partitions, room);
  auto share = std::max<std::size_t>(1, room / std::max<std::size_t>(1, tenants.size()));
  bool more = !refill_after_.empty();
  for (const auto& visibility : tenants) {
    // The view also contains the tasks that run or are ready.
    auto most = share + running.by_visibility[visibility] + ready_.size(visibility);
    auto waiting = co_await context_.view.waiting(partitions, visibility, most);
    if (waiting.size() == most) more = true;
    for (auto& task : waiting) {
      bool known = running.contains(task.key) || ledger_.knows_as_ended(task.key);
      bool open = ledger_.owns(task.partition) && !is_suspended(task.partition);
      if (!known && open) make_ready(std::move(task));
    }
  }
  bool news = view_has_more_;
  view_has_more_ = view_has_more_ || more;
  co_return news;
}

/// Returns at most `most` tenants with waiting tasks, starting where the last call has ended. After
/// the end it starts again with the next call; if all tenants fit, each call returns all of them.
awaitable<std::vector<std::string>> ready_tasks::tenants_in_turn(
    std::vector<std::int32_t> partitions, std::size_t most) {
  std::vector<std::string> out;
  auto begin = std::exchange(refill_after_, {});
  auto after = begin;
  bool wrapped = begin.empty();
  while (out.size() < most) {
    auto at_once = std::min(tenants_at_once, most - out.size());
    auto some = co_await context_.view.waiting_visibilities(partitions, after, at_once);
    for (const auto& visibility : some) {
      if (wrapped && !begin.empty() && visibility > begin) co_return out;
      out.push_back(visibility);
    }
    if (some.size() == at_once) {
      after = some.back();
    } else if (wrapped) {
      co_return out;
    } else {
      wrapped = true;
      after.clear();
    }
  }
  refill_after_ = after;
  co_return out;
}

}  // namespace sonde::scanner
