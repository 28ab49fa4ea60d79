#include "ingest/http/connection_registry.hpp"

namespace sonde::ingest {

void connection_registry::enter(member& who) {
  who.entered = true;
  if (!who.address.empty()) ++addresses_[who.address].count;
}

void connection_registry::leave(member& who) {
  if (!who.entered) return;
  end_wait(who);
  who.entered = false;
  if (who.address.empty()) return;
  auto own = addresses_.find(who.address);
  if (--own->second.count == 0) addresses_.erase(own);
}

void connection_registry::begin_wait(member& who, peer_wait how) {
  end_wait(who);
  who.idle = how == peer_wait::idle;
  if (!who.entered) return;
  who.waits = true;
  who.among_all = waiting_.insert(waiting_.end(), &who);
  if (who.address.empty()) return;
  auto& own = addresses_[who.address].waiting;
  who.among_own = own.insert(own.end(), &who);
}

void connection_registry::end_wait(member& who) {
  if (!who.waits) return;
  who.waits = false;
  waiting_.erase(who.among_all);
  if (!who.address.empty()) addresses_[who.address].waiting.erase(who.among_own);
}

void connection_registry::dismiss(member& who) {
  leave(who);
  who.give_way();
}

bool connection_registry::make_room() {
  if (waiting_.empty()) return false;
  dismiss(*waiting_.front());
  return true;
}

bool connection_registry::make_room(const std::string& address) {
  auto own = addresses_.find(address);
  if (own == addresses_.end() || own->second.waiting.empty()) return false;
  dismiss(*own->second.waiting.front());
  return true;
}

void connection_registry::dismiss_idle() {
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    auto& who = **each++;
    if (who.idle) dismiss(who);
  }
}

std::size_t connection_registry::of(const std::string& address) const {
  auto own = addresses_.find(address);
  return own == addresses_.end() ? 0 : own->second.count;
}

}  // namespace sonde::ingest
