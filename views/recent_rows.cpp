#include "views/recent_rows.hpp"

namespace sonde::views {
namespace {

std::size_t bytes_of(const std::optional<stored_task>& stored) {
  if (!stored) return 0;
  const auto& [task, text] = *stored;
  auto out = text.size() + task.profile.size() + task.ports.size();
  if (task.next) out += task.next->profile.size() + task.next->ports.size();
  return out;
}

}  // namespace

const task_row* recent_rows::find(const std::string& key) const {
  for (const auto* each : {&newer_, &older_}) {
    if (auto found = each->find(key); found != each->end()) return &found->second;
  }
  return nullptr;
}

std::optional<task_row> recent_rows::take(const std::string& key) {
  for (auto* each : {&newer_, &older_}) {
    if (auto found = each->extract(key)) return std::move(found.mapped());
  }
  return std::nullopt;
}

void recent_rows::keep(const std::string& key, task_row row) {
  older_.erase(key);
  if (bytes_of(row.snapshot) + bytes_of(row.effective) > largest_row) {
    newer_.erase(key);
    return;
  }
  newer_.insert_or_assign(key, std::move(row));
  if (newer_.size() < most / 2) return;
  older_ = std::move(newer_);
  newer_.clear();
}

void recent_rows::clear() {
  newer_.clear();
  older_.clear();
}

}  // namespace sonde::views
