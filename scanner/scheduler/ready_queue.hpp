#pragma once

#include "views/task_view.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace sonde::scanner {

/// The tasks to run next: as many as fit in memory; the others wait as rows.
///
/// Tenants, which are sets of groups (`visibility`), take turns by deficit round robin (Shreedhar
/// and Varghese, 1995). Each turn is worth the same number of probes, so a tenant that requests
/// full sweeps gets fewer of them, and a tenant does not wait for the many tasks of another one.
/// Tasks of one tenant are ordered by priority and then by age. Pure.
class ready_queue {
 public:
  /// Adds a task. `cost`: estimated number of probes. Returns false if it is already present.
  bool add(views::waiting_task task, std::uint64_t cost);
  [[nodiscard]] std::optional<views::waiting_task> take();
  /// Removes the tasks for which `gone` returns true.
  template <class Predicate>
  void remove_if(Predicate gone);

  [[nodiscard]] bool contains(const model::target_key& key) const { return keys_.contains(key); }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] std::size_t size(const std::string& visibility) const;

 private:
  struct entry {
    views::waiting_task task;
    std::uint64_t cost;
    bool operator<(const entry& other) const;
  };
  struct line {
    std::set<entry> tasks;
    std::uint64_t deficit = 0;
  };

  std::unordered_map<std::string, line> lines_;  ///< by tenant; none is empty
  std::deque<std::string> turns_;                ///< the same tenants, each once
  std::unordered_set<model::target_key> keys_;
};

template <class Predicate>
void ready_queue::remove_if(Predicate gone) {
  for (auto& [visibility, its] : lines_) {
    for (auto each = its.tasks.begin(); each != its.tasks.end();) {
      if (gone(each->task)) {
        keys_.erase(each->task.key);
        each = its.tasks.erase(each);
      } else {
        ++each;
      }
    }
  }
  std::erase_if(lines_, [](const auto& each) { return each.second.tasks.empty(); });
  std::erase_if(turns_, [this](const auto& visibility) { return !lines_.contains(visibility); });
}

}  // namespace sonde::scanner
