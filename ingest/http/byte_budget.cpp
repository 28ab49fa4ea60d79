#include "ingest/http/byte_budget.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

constexpr std::uint32_t whole_percent = 100;

std::uint64_t part_of(std::uint64_t all, std::uint32_t percent) {
  return all * std::min(percent, whole_percent) / whole_percent;
}

}  // namespace

byte_budget::byte_budget(std::uint64_t all, std::uint32_t percent)
    : all_(all), one_(part_of(all, percent)) {}

bool byte_budget::has_room(const std::string& caller, std::uint64_t more,
                           std::uint32_t percent) const {
  auto found = by_caller_.find(caller);
  auto own = found == by_caller_.end() ? 0 : found->second;
  return own + more <= one_ && held_ + more <= part_of(all_, percent);
}

bool byte_budget::hold::set(const std::string& caller, std::uint64_t bytes, std::uint32_t percent) {
  if (bytes == bytes_) return true;
  if (bytes_ == 0) owner_ = &*budget_.by_caller_.try_emplace(caller, 0).first;
  if (bytes > bytes_ && !budget_.has_room(owner_->first, bytes - bytes_, percent)) {
    if (owner_->second == 0) budget_.by_caller_.erase(owner_->first);
    return false;
  }
  budget_.held_ = budget_.held_ - bytes_ + bytes;
  owner_->second = owner_->second - bytes_ + bytes;
  bytes_ = bytes;
  if (owner_->second == 0) budget_.by_caller_.erase(owner_->first);
  return true;
}

void byte_budget::hold::release() {
  (void)set({}, 0);
}

}  // namespace sonde::ingest
