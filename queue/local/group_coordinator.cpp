#include "queue/local/group_coordinator.hpp"

#include <algorithm>

namespace sonde::queue::local {

group_coordinator::member_id group_coordinator::join() {
  auto id = next_member_++;
  members_[id] = {};
  rebalance();
  return id;
}

void group_coordinator::leave(member_id member) {
  members_.erase(member);
  rebalance();
}

void group_coordinator::rebalance() {
  ++changes_;
  for (auto& [id, m] : members_) {
    if (m.state == phase::settled) m.state = phase::told_to_release;
    if (m.state == phase::newly_assigned) m = {};  // the member has not polled this assignment yet
  }
  deal_if_all_released();
}

void group_coordinator::deal_if_all_released() {
  bool released = std::ranges::all_of(
      members_, [](const auto& m) { return m.second.state == phase::empty_handed; });
  if (!released) return;
  ++changes_;
  std::size_t next = 0;
  std::size_t left = members_.size();
  for (auto& [id, m] : members_) {
    std::size_t share = (logs_.size() - next + left - 1) / left;
    auto first = logs_.begin() + static_cast<std::ptrdiff_t>(next);
    m.owned.assign(first, first + static_cast<std::ptrdiff_t>(share));
    m.state = phase::newly_assigned;
    next += share;
    --left;
  }
}

group_coordinator::news group_coordinator::poll(member_id member) {
  auto& m = members_.at(member);
  switch (m.state) {
    case phase::settled: return news::nothing;
    case phase::empty_handed: return news::wait;
    case phase::newly_assigned: m.state = phase::settled; return news::assigned;
    case phase::told_to_release: m.state = phase::releasing; return news::revoked;
    case phase::releasing:
      m = {};
      deal_if_all_released();
      return poll(member);
  }
  return news::wait;
}

const std::vector<log_index>& group_coordinator::owned(member_id member) const {
  return members_.at(member).owned;
}

bool group_coordinator::owns(member_id member, log_index log) const {
  const auto& m = members_.at(member);
  bool holding =
      m.state == phase::settled || m.state == phase::releasing || m.state == phase::told_to_release;
  return holding && std::ranges::find(m.owned, log) != m.owned.end();
}

}  // namespace sonde::queue::local
