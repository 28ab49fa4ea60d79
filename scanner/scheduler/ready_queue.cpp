#include "scanner/scheduler/ready_queue.hpp"

#include <tuple>

namespace sonde::scanner {
namespace {

/// Value of one turn in probes: a scan of the standard profile.
constexpr std::uint64_t quantum = 1024;

}  // namespace

bool ready_queue::entry::operator<(const entry& other) const {
  return std::tuple(-task.priority, task.requested, task.key) <
         std::tuple(-other.task.priority, other.task.requested, other.task.key);
}

bool ready_queue::add(views::waiting_task task, std::uint64_t cost) {
  if (!keys_.insert(task.key).second) return false;
  auto visibility = task.visibility;
  auto& its = lines_[visibility];
  if (its.tasks.empty()) turns_.push_back(visibility);
  its.tasks.insert({std::move(task), cost});
  return true;
}

std::optional<views::waiting_task> ready_queue::take() {
  while (!turns_.empty()) {
    auto visibility = turns_.front();
    auto& its = lines_.at(visibility);
    auto first = its.tasks.begin();
    if (first->cost > its.deficit) {
      its.deficit += quantum;
      turns_.pop_front();
      turns_.push_back(visibility);
      continue;
    }
    its.deficit -= first->cost;
    auto task = std::move(its.tasks.extract(first).value().task);
    keys_.erase(task.key);
    if (its.tasks.empty()) {
      lines_.erase(visibility);
      turns_.pop_front();
    }
    return task;
  }
  return std::nullopt;
}

std::size_t ready_queue::size(const std::string& visibility) const {
  auto found = lines_.find(visibility);
  return found == lines_.end() ? 0 : found->second.tasks.size();
}

}  // namespace sonde::scanner
