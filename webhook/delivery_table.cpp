#include "webhook/delivery_table.hpp"

#include <stdexcept>
#include <tuple>
#include <utility>

namespace sonde::webhook {

void delivery_table::revoke(const std::set<std::int32_t>& partitions) {
  for (auto each : partitions)
    owned_.erase(each);
  queue_.keep_waiting_of(owned_);
  for (auto& [id, busy] : busy_) {
    bool gone = !owned_.contains(busy.one.partition());
    if (gone) std::ignore = busy.one.on(delivery_event::superseded(), rules_);
  }
}

void delivery_table::begin_replay(std::set<std::int32_t> partitions) {
  owned_ = std::move(partitions);
  revoke({});
  queue_.keep_waiting_of({});
  history_.begin_replay();
}

void delivery_table::replay(std::int32_t partition, model::webhook_delivery state) {
  history_.replay(partition, std::move(state));
}

void delivery_table::end_replay() {
  for (auto& [id, busy] : busy_) {
    const auto& known = busy.one.state();
    bool ours = owned_.contains(busy.one.partition());
    if (ours && history_.has_ended(id, known.request)) {
      std::ignore = busy.one.on(delivery_event::superseded(), rules_);
    }
  }
  for (auto& each : history_.take_open()) {
    if (!owned_.contains(each.partition)) continue;
    auto id = each.state.id;
    auto busy = busy_.find(id);
    if (busy != busy_.end()) {
      std::ignore = busy->second.one.on(delivery_event::restored{std::move(each.state)}, rules_);
    } else if (!queue_.knows(id)) {
      delivery one(each.state, each.partition);
      std::ignore = one.on(delivery_event::restored{std::move(each.state)}, rules_);
      queue_.add(std::move(one));
    }
  }
}

bool delivery_table::is_new(const model::delivery_id& id, std::int64_t request,
                            message_origin origin) const {
  if (queue_.knows(id) || busy_.contains(id)) return false;
  return history_.is_new(id, request, origin);
}

delivery_step delivery_table::accept(model::webhook_delivery first, std::int32_t partition,
                                     room space) {
  auto id = first.id;
  delivery one(std::move(first), partition);
  auto action = one.on(delivery_event::message_read{space}, rules_);
  delivery_step out{action, one.state(), partition};
  busy_.emplace(std::move(id), busy_delivery{std::move(one), stage::intake});
  return out;
}

void delivery_table::hold(const model::delivery_id& id,
                          std::shared_ptr<const model::webhook_message> message) {
  busy_.at(id).one.hold(std::move(message));
}

bool delivery_table::is_superseded(const model::delivery_id& id) const {
  auto found = busy_.find(id);
  return found != busy_.end() && found->second.one.is_superseded();
}

const delivery* delivery_table::take(wall_time now) {
  auto next = queue_.take(now);
  if (!next) return nullptr;
  if (next->on(delivery_event::tick{now}, rules_) != delivery_action::send) {
    throw std::logic_error("a delivery that is not due left its queue");
  }
  auto id = next->state().id;
  auto place = busy_.emplace(std::move(id), busy_delivery{std::move(*next), stage::attempt}).first;
  return &place->second.one;
}

delivery_step delivery_table::attempt_ended(const model::delivery_id& id, wall_time now,
                                            attempt_outcome outcome) {
  busy_.at(id).health = health_after(outcome);
  return settle(id, delivery_event::attempt_ended{now, std::move(outcome)});
}

void delivery_table::shut_down(const model::delivery_id& id) {
  settle(id, delivery_event::shut_down());
}

delivery_step delivery_table::recorded(const model::delivery_id& id) {
  return settle(id, delivery_event::recorded());
}

void delivery_table::not_recorded(const model::delivery_id& id) {
  settle(id, delivery_event::not_recorded());
}

/// Passes an event to a delivery that is accepted or being sent, and moves it as its action
/// requires.
delivery_step delivery_table::settle(const model::delivery_id& id, any_delivery_event event) {
  auto place = busy_.find(id);
  if (place == busy_.end()) throw std::logic_error("an event for an unknown delivery");
  auto action = place->second.one.on(std::move(event), rules_);
  delivery_step out{action, place->second.one.state(), place->second.one.partition()};
  bool leaves = action == delivery_action::wait || action == delivery_action::done ||
                action == delivery_action::release;
  if (!leaves) return out;
  auto busy = std::move(place->second);
  busy_.erase(place);
  if (action == delivery_action::done) history_.end(out.state.id, out.state.request);
  bool sent = busy.where == stage::attempt;
  if (action != delivery_action::wait) {
    if (sent) queue_.finish(out.state.id, busy.health);
  } else if (sent) {
    queue_.put_back(std::move(busy.one), busy.health);
  } else {
    queue_.add(std::move(busy.one));
  }
  return out;
}

}  // namespace sonde::webhook
