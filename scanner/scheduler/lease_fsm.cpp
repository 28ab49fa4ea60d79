#include "scanner/scheduler/lease_fsm.hpp"

#include "base/enum_names.hpp"

#include <algorithm>

namespace sonde::scanner {

BOOST_DESCRIBE_ENUM(lease_action, none, acquire, fold, hold, release, rewrite, rewrite_after_hold)

std::string_view name_of(lease_action what) {
  return enum_name(what);
}

/// A lease that is held stays valid meanwhile: the new one follows all earlier leases.
lease_action lease_fsm::assigned() {
  assigned_ = true;
  conflict_since_.reset();
  ++publishing_;
  return lease_action::acquire;
}

/// Keeps a lease after an announced revocation: mostly the partition comes back.
lease_action lease_fsm::revoked(revocation how) {
  assigned_ = false;
  conflict_since_.reset();
  if (how == revocation::announced) return lease_action::none;
  catching_up_.reset();
  epoch_.reset();
  return lease_action::release;
}

lease_action lease_fsm::lease_published(std::int64_t offset, steady_time now) {
  --publishing_;
  // A later lease of this process is already held or about to be.
  bool outdated = epoch_ && epoch_at(offset) <= *epoch_;
  if (outdated || (catching_up_ && offset <= *catching_up_)) return lease_action::none;
  published_ = std::max(published_.value_or(offset), offset);
  return read_back(now);
}

lease_action lease_fsm::lease_failed(steady_time now) {
  --publishing_;
  if (assigned_) conflict_since_ = now;
  return lease_action::none;
}

lease_action lease_fsm::lease_seen(std::int64_t offset, const std::string& owner, steady_time now) {
  if (offset <= latest_offset_) return lease_action::none;
  latest_offset_ = offset;
  latest_owner_ = owner;
  if (owner == process_id_) return read_back(now);
  return lose(now);
}

/// Compares the own published lease with the newest lease, once the reader has reached it.
lease_action lease_fsm::read_back(steady_time now) {
  if (!published_ || latest_offset_ < *published_) return lease_action::none;
  published_.reset();
  if (latest_owner_ != process_id_) return lose(now);
  if (!assigned_) return lease_action::none;
  catching_up_ = latest_offset_;
  return lease_action::fold;
}

/// Handles a newer lease of another process.
lease_action lease_fsm::lose(steady_time now) {
  bool superseded = published_ && *published_ < latest_offset_;
  if (superseded) published_.reset();
  catching_up_.reset();
  bool held = epoch_.has_value();
  epoch_.reset();
  // An acquisition that is still in progress decides without a pause.
  if (assigned_ && !is_acquiring()) conflict_since_ = now;
  return held ? lease_action::release : lease_action::none;
}

lease_action lease_fsm::caught_up(std::int64_t offset) {
  if (catching_up_ != offset) return lease_action::none;
  catching_up_.reset();
  if (!assigned_) return lease_action::none;
  epoch_ = epoch_at(offset);
  conflict_since_.reset();
  return lease_action::hold;
}

lease_action lease_fsm::write_seen(std::uint64_t epoch) const {
  // Until a lease is held again, the records of the last one are not late.
  bool is_late = epoch < epoch_at(latest_offset_) && epoch != epoch_;
  if (!is_late) return lease_action::none;
  if (epoch_) return lease_action::rewrite;
  bool may_hold = assigned_ || latest_owner_ == process_id_;
  return may_hold ? lease_action::rewrite_after_hold : lease_action::none;
}

lease_action lease_fsm::tick(steady_time now) {
  bool due = conflict_since_ && now - *conflict_since_ >= patience_;
  if (!due || is_acquiring()) return lease_action::none;
  ++publishing_;
  return lease_action::acquire;
}

}  // namespace sonde::scanner
