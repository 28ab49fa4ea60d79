#include "scanner/engine/rate.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using real_seconds = std::chrono::duration<double>;

/// Size of a burst after a pause, in seconds of the rate.
constexpr double burst_s = 0.05;
constexpr double slowest = 10;
constexpr int answers_to_recover = 50;
constexpr double recovery = 1.25;
constexpr std::chrono::seconds loss_pause{1};

template <class Key, class Value, class Make>
std::shared_ptr<Value> shared_in(std::map<Key, std::weak_ptr<Value>>& table, const Key& key,
                                 Make make) {
  auto& slot = table[key];
  if (auto held = slot.lock()) return held;
  // The last holder removes the entry, so the table contains only addresses that are being scanned.
  auto forget = [&table, key](Value* value) {
    delete value;
    table.erase(key);
  };
  std::shared_ptr<Value> made(make(), forget);
  slot = made;
  return made;
}

}  // namespace

token_bucket::token_bucket(double per_second)
    : per_second_(per_second), burst_(std::max(1.0, per_second * burst_s)), tokens_(burst_) {}

void token_bucket::refill(steady_time now) {
  if (filled_at_ != steady_time{} && now > filled_at_) {
    tokens_ = std::min(burst_, tokens_ + real_seconds(now - filled_at_).count() * per_second_);
  }
  filled_at_ = now;
}

steady_time token_bucket::take(steady_time now) {
  if (unlimited()) return now;
  refill(now);
  tokens_ -= 1;
  if (tokens_ >= 0) return now;
  return now + std::chrono::ceil<std::chrono::microseconds>(real_seconds(-tokens_ / per_second_));
}

void token_bucket::set_rate(double per_second, steady_time now) {
  refill(now);
  per_second_ = per_second;
  burst_ = std::max(1.0, per_second * burst_s);
  tokens_ = std::min(tokens_, burst_);
}

void adaptive_rate::note_loss(steady_time now) {
  if (bucket_.unlimited()) return;
  answers_since_change_ = 0;
  if (last_loss_ != steady_time{} && now - last_loss_ < loss_pause) return;
  last_loss_ = now;
  bucket_.set_rate(std::max(std::min(slowest, configured_), bucket_.rate() / 2), now);
}

void adaptive_rate::note_answer(steady_time now) {
  if (bucket_.unlimited() || bucket_.rate() >= configured_) return;
  if (++answers_since_change_ < answers_to_recover) return;
  answers_since_change_ = 0;
  bucket_.set_rate(std::min(configured_, bucket_.rate() * recovery), now);
}

void adaptive_rate::set_configured(double per_second, steady_time now) {
  if (bucket_.unlimited()) return;
  auto left = bucket_.rate() / configured_;
  configured_ = per_second;
  bucket_.set_rate(left * configured_, now);
}

steady_time rate_table::lease::take(steady_time now) const {
  return std::max(address->bucket().take(now), network->take(now));
}

model::network rate_network(const model::ip_address& address) {
  return model::network::around(address, address.is_v4() ? 24 : 48);
}

rate_table::lease rate_table::lease_for(const model::ip_address& address, network_owner owner) {
  if (owner == network_owner::us) {
    return {std::make_shared<adaptive_rate>(0.0), std::make_shared<token_bucket>(0.0)};
  }
  auto make_address = [&] { return new adaptive_rate(settings_.per_address / sharers_); };
  auto make_network = [&] { return new token_bucket(settings_.per_network / sharers_); };
  return {shared_in(addresses_, address, make_address),
          shared_in(networks_, rate_network(address), make_network)};
}

void rate_table::share_among(std::size_t processes, steady_time now) {
  sharers_ = std::max(1.0, static_cast<double>(processes));
  adjust(now);
}

void rate_table::set_rates(const rate_settings& settings, steady_time now) {
  settings_ = settings;
  adjust(now);
}

void rate_table::adjust(steady_time now) {
  for (auto& [address, held] : addresses_) {
    if (auto rate = held.lock()) rate->set_configured(settings_.per_address / sharers_, now);
  }
  for (auto& [network, held] : networks_) {
    auto rate = held.lock();
    if (rate && !rate->unlimited()) rate->set_rate(settings_.per_network / sharers_, now);
  }
}

}  // namespace sonde::scanner
