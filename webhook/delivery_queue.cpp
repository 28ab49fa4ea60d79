#include "webhook/delivery_queue.hpp"

namespace sonde::webhook {

bool delivery_queue::knows(const model::delivery_id& id) const {
  return waiting_.contains(id) || in_flight_.contains(id);
}

room delivery_queue::room_for(const std::string& endpoint) const {
  auto found = lines_.find(endpoint);
  bool line_full =
      found != lines_.end() && found->second.due.size() >= limits_.webhook_endpoint_queued;
  bool all_full = waiting_.size() >= limits_.webhook_queued;
  if (!line_full && !all_full) return room::yes;
  bool moves = found == lines_.end() || (!found->second.failing && !found->second.stuck);
  return moves ? room::soon : room::no;
}

void delivery_queue::give_up_waiting_for(const std::string& endpoint) {
  auto found = lines_.find(endpoint);
  if (found != lines_.end()) found->second.stuck = true;
}

void delivery_queue::add(delivery one) {
  const auto id = one.state().id;
  const auto endpoint = one.state().endpoint;
  lines_[endpoint].due.emplace(one.due(), id);
  held_bytes_ += one.held_bytes();
  waiting_.emplace(id, std::move(one));
  refresh(endpoint);
}

std::optional<delivery> delivery_queue::take(wall_time now) {
  if (in_flight_.size() >= limits_.webhook_in_flight) return std::nullopt;
  if (turns_.empty() || turns_.begin()->first > now) return std::nullopt;
  auto endpoint = turns_.begin()->second;
  auto& its = lines_.at(endpoint);
  auto id = its.due.begin()->second;
  its.due.erase(its.due.begin());
  ++its.in_flight;
  if (its.due.size() <= limits_.webhook_endpoint_queued / 2) its.stuck = false;
  auto out = std::move(waiting_.extract(id).mapped());
  held_bytes_ -= out.held_bytes();
  in_flight_.emplace(id, endpoint);
  refresh(endpoint);
  return out;
}

std::string delivery_queue::land(const model::delivery_id& id, receiver_health health) {
  auto endpoint = std::move(in_flight_.extract(id).mapped());
  auto& its = lines_.at(endpoint);
  --its.in_flight;
  if (health != receiver_health::unknown) its.failing = health == receiver_health::fails;
  return endpoint;
}

void delivery_queue::finish(const model::delivery_id& id, receiver_health health) {
  refresh(land(id, health));
}

void delivery_queue::put_back(delivery one, receiver_health health) {
  land(one.state().id, health);
  add(std::move(one));
}

void delivery_queue::keep_waiting_of(const std::set<std::int32_t>& partitions) {
  std::set<std::string> touched;
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    const auto& one = each->second;
    if (partitions.contains(one.partition())) {
      ++each;
      continue;
    }
    lines_.at(one.state().endpoint).due.erase({one.due(), one.state().id});
    touched.insert(one.state().endpoint);
    held_bytes_ -= one.held_bytes();
    each = waiting_.erase(each);
  }
  for (const auto& endpoint : touched)
    refresh(endpoint);
}

std::optional<wall_time> delivery_queue::next_due() const {
  if (turns_.empty() || in_flight_.size() >= limits_.webhook_in_flight) return std::nullopt;
  return turns_.begin()->first;
}

void delivery_queue::refresh(const std::string& endpoint) {
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
