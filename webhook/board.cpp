#include "webhook/board.hpp"

namespace sonde::webhook {
namespace {

wall_time due_time(const open_delivery& one) {
  return one.state.next_try.value_or(one.state.created);
}

std::size_t held_by(const open_delivery& one) {
  return one.held ? one.held->body.size() + one.held->hook.sealed.size() : 0;
}

}  // namespace

bool board::knows(const model::delivery_id& id) const {
  return waiting_.contains(id) || in_flight_.contains(id);
}

board::room board::room_for(const std::string& endpoint) const {
  auto found = lines_.find(endpoint);
  bool line_full =
      found != lines_.end() && found->second.due.size() >= limits_.webhook_endpoint_queued;
  bool all_full = waiting_.size() >= limits_.webhook_queued;
  if (!line_full && !all_full) return room::yes;
  bool moves = found == lines_.end() || (!found->second.failing && !found->second.stuck);
  return moves ? room::soon : room::no;
}

void board::give_up_waiting_for(const std::string& endpoint) {
  auto found = lines_.find(endpoint);
  if (found != lines_.end()) found->second.stuck = true;
}

void board::add(open_delivery one) {
  const auto id = one.state.id;
  const auto endpoint = one.state.endpoint;
  lines_[endpoint].due.emplace(due_time(one), id);
  held_bytes_ += held_by(one);
  waiting_.emplace(id, std::move(one));
  refresh(endpoint);
}

std::optional<open_delivery> board::take(wall_time now) {
  if (in_flight_.size() >= limits_.webhook_in_flight) return std::nullopt;
  if (turns_.empty() || turns_.begin()->first > now) return std::nullopt;
  auto endpoint = turns_.begin()->second;
  auto& its = lines_.at(endpoint);
  auto id = its.due.begin()->second;
  its.due.erase(its.due.begin());
  ++its.in_flight;
  if (its.due.size() <= limits_.webhook_endpoint_queued / 2) its.stuck = false;
  auto out = std::move(waiting_.extract(id).mapped());
  held_bytes_ -= held_by(out);
  in_flight_.insert(id);
  refresh(endpoint);
  return out;
}

void board::land(const open_delivery& one, bool receiver_works) {
  in_flight_.erase(one.state.id);
  auto& its = lines_[one.state.endpoint];
  --its.in_flight;
  its.failing = !receiver_works;
}

void board::finish(const open_delivery& one, bool receiver_works) {
  land(one, receiver_works);
  refresh(one.state.endpoint);
}

void board::put_back(open_delivery one, bool receiver_works) {
  land(one, receiver_works);
  add(std::move(one));
}

void board::keep_waiting_of(const std::set<std::int32_t>& partitions) {
  std::set<std::string> touched;
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    const auto& one = each->second;
    if (partitions.contains(one.partition)) {
      ++each;
      continue;
    }
    lines_.at(one.state.endpoint).due.erase({due_time(one), one.state.id});
    touched.insert(one.state.endpoint);
    held_bytes_ -= held_by(one);
    each = waiting_.erase(each);
  }
  for (const auto& endpoint : touched)
    refresh(endpoint);
}

std::optional<wall_time> board::next_due() const {
  if (turns_.empty() || in_flight_.size() >= limits_.webhook_in_flight) return std::nullopt;
  return turns_.begin()->first;
}

void board::refresh(const std::string& endpoint) {
  auto found = lines_.find(endpoint);
  auto& its = found->second;
  if (its.turn) turns_.erase({*its.turn, endpoint});
  its.turn.reset();
  if (its.due.empty() && its.in_flight == 0) {
    lines_.erase(found);
    return;
  }
  auto most = its.failing ? 1 : limits_.webhook_endpoint_in_flight;
  if (its.due.empty() || its.in_flight >= most) return;
  its.turn = its.due.begin()->first;
  turns_.emplace(*its.turn, endpoint);
}

}  // namespace sonde::webhook
