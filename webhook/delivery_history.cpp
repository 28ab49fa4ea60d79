#include "webhook/delivery_history.hpp"

#include <algorithm>
#include <utility>

namespace sonde::webhook {

void delivery_history::replay(std::int32_t partition, model::webhook_delivery state) {
  if (state.state != model::delivery_state::pending) {
    end(state.id, state.request);
    return;
  }
  if (has_ended(state.id, state.request)) return;
  auto id = state.id;
  auto found = open_.find(id);
  bool older = found != open_.end() && found->second.state.request > state.request;
  if (!older) open_.insert_or_assign(std::move(id), open_state{std::move(state), partition});
}

std::vector<open_state> delivery_history::take_open() {
  std::vector<open_state> out;
  out.reserve(open_.size());
  for (auto& each : open_)
    out.push_back(std::move(each.second));
  open_.clear();
  return out;
}

void delivery_history::end(const model::delivery_id& id, std::int64_t request) {
  auto open = open_.find(id);
  if (open != open_.end() && open->second.state.request <= request) open_.erase(open);
  auto [place, fresh] = ends_.emplace(id, request);
  if (!fresh) {
    place->second = std::max(place->second, request);
    return;
  }
  order_.push_back(id);
  if (order_.size() <= most_ends) return;
  ends_.erase(order_.front());
  order_.pop_front();
}

bool delivery_history::has_ended(const model::delivery_id& id, std::int64_t request) const {
  auto found = ends_.find(id);
  return found != ends_.end() && request <= found->second;
}

bool delivery_history::is_new(const model::delivery_id& id, std::int64_t request,
                              message_origin origin) const {
  auto found = ends_.find(id);
  if (found == ends_.end()) return true;
  return origin == message_origin::redriven && request > found->second;
}

}  // namespace sonde::webhook
