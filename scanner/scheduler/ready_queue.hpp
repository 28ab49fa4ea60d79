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

/// The tasks that are next: as many as fit in memory, the others wait as rows.
///
/// Scopes take turns by deficit round robin (Shreedhar and Varghese, 1995): each turn is worth the
/// same number of probes, so whoever asks for full sweeps gets fewer of them, and nobody waits
/// behind somebody else's million. Within a scope, by priority and then by age. Pure.
class ready_queue {
 public:
  /// `cost`: about how many probes it takes. False: it is there already.
  bool add(views::waiting_task task, std::uint64_t cost);
  [[nodiscard]] std::optional<views::waiting_task> take();
  /// Forgets those for which `gone` says so.
  template <class Predicate>
  void remove_if(Predicate gone);

  [[nodiscard]] bool contains(const model::target_key& key) const { return keys_.contains(key); }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] std::size_t size(const std::string& scope) const;

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

  std::unordered_map<std::string, line> lines_;  ///< by scope; none is empty
  std::deque<std::string> turns_;                ///< the same scopes, each once
  std::unordered_set<model::target_key> keys_;
};

template <class Predicate>
void ready_queue::remove_if(Predicate gone) {
  for (auto& [scope, its] : lines_) {
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
  std::erase_if(turns_, [this](const auto& scope) { return !lines_.contains(scope); });
}

}  // namespace sonde::scanner
