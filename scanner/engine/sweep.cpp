#include "scanner/engine/sweep.hpp"

#include "model/scan/number_list.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

/// Number of open ports that makes a host suspicious if nearly all of its responses are
/// acceptances; with few ports to probe, half of them are enough.
constexpr std::uint32_t suspicious_open = 20;
constexpr std::uint32_t suspicious_few = 4;
constexpr std::uint32_t suspicious_share_percent = 80;
/// A host that passed is checked again when this many times as many ports are open.
constexpr std::uint32_t suspicious_again = 4;
/// Number of canaries, and the number of open ones that identifies a tarpit.
constexpr std::uint32_t canary_count = 8;
constexpr std::uint32_t canaries_convict = 7;
constexpr std::uint16_t canary_from = 1024;
/// Number of ports that are probed again on a host without any response.
constexpr std::uint32_t silent_sample = 100;

bool is_answer(verdict what) {
  return what == verdict::open || what == verdict::closed;
}

}  // namespace

sweep::sweep(model::port_set ports, std::uint64_t seed, const model::sweep_cursor& from)
    : ports_(std::move(ports)),
      order_(std::max(1U, ports_.size()), seed),
      random_(seed ^ 0x5ca1ab1eULL),
      owing_(ports_.size()),
      suspicious_first_(std::clamp(ports_.size() / 2, suspicious_few, suspicious_open)),
      suspicious_at_(suspicious_first_) {
  take_over(from);
}

void sweep::take_over(const model::sweep_cursor& from) {
  answered_ = from.answered;
  auto silent = model::parse_number_list(from.silent);
  auto open = model::parse_number_list(from.open);
  // Without one of the lists the ports before the index that still have to be probed are unknown.
  if (!silent || !open) return;
  next_place_ = std::min(from.index, ports_.size());
  prefix_ = next_place_;
  done_ = next_place_;
  for (auto number : *silent) {
    if (number <= prefix_) owe(number - 1U);
  }
  // Ports found open earlier are probed again, as a conversation with them is needed anyway. Until
  // they respond they count as unanswered.
  for (auto port : *open) {
    auto place = place_of(port);
    if (!place || *place >= prefix_) continue;
    owe(*place);
    once_more_.push_back({port, *place, probe::purpose::again});
  }
}

std::optional<std::uint32_t> sweep::place_of(std::uint16_t port) const {
  if (!ports_.contains(port)) return std::nullopt;
  std::uint32_t low = 0;
  std::uint32_t high = ports_.size();
  while (high - low > 1) {
    auto middle = low + (high - low) / 2;
    (ports_.at(middle) <= port ? low : high) = middle;
  }
  return order_.index_of(low);
}

std::optional<probe> sweep::next() {
  if (tarpit_) return std::nullopt;
  if (canaries_sent_ < canaries_.size()) {
    ++in_flight_;
    return probe{canaries_[canaries_sent_++], 0, probe::purpose::canary};
  }
  if (canaries_back_ < canaries_.size()) return std::nullopt;  // checked first
  if (!once_more_.empty()) {
    auto again = once_more_.back();
    once_more_.pop_back();
    ++in_flight_;
    return again;
  }
  if (next_place_ < ports_.size()) {
    auto place = next_place_++;
    settled_.push_back(false);
    ++in_flight_;
    return probe{ports_.at(order_.at(place)), place, probe::purpose::first};
  }
  return next_of_second_pass();
}

std::optional<probe> sweep::next_of_second_pass() {
  if (!second_pass_ && in_flight_ == 0) begin_second_pass();
  if (!second_pass_ || again_unsent_ == 0) return std::nullopt;
  while (!owing_[next_again_])
    ++next_again_;
  auto place = next_again_++;
  --again_unsent_;
  ++in_flight_;
  return probe{ports_.at(order_.at(place)), place, probe::purpose::again};
}

void sweep::begin_second_pass() {
  second_pass_ = true;
  sample_only_ = !answered_ && owing_count_ > silent_sample;
  again_unsent_ = sample_only_ ? silent_sample : owing_count_;
}

/// The sample got a response, so all silent ports are probed again.
void sweep::widen_second_pass() {
  sample_only_ = false;
  again_unsent_ = static_cast<std::uint32_t>(
      std::count(owing_.begin() + static_cast<std::ptrdiff_t>(next_again_), owing_.end(), true));
}

void sweep::owe(std::uint32_t place) {
  if (owing_[place]) return;
  owing_[place] = true;
  ++owing_count_;
}

void sweep::no_longer_owe(std::uint32_t place) {
  if (!owing_[place]) return;
  owing_[place] = false;
  --owing_count_;
}

bool sweep::report(const probe& asked, verdict what) {
  --in_flight_;
  last_was_loss_ = false;
  if (what == verdict::local) {
    give_back(asked);
    return false;
  }
  answered_ = answered_ || is_answer(what);
  if (asked.why == probe::purpose::canary) return report_canary(what);
  if (asked.why == probe::purpose::first) {
    settle(asked.place);
    if (!is_answer(what)) owe(asked.place);
  } else if (is_answer(what) || second_pass_) {
    no_longer_owe(asked.place);
    last_was_loss_ = is_answer(what) && second_pass_;
  }
  if (sample_only_ && answered_) widen_second_pass();
  if (what == verdict::closed) ++refused_;
  if (what != verdict::open || tarpit_) return false;
  open_.push_back(asked.port);
  open_places_.push_back(asked.place);
  look_for_tarpit();
  return true;
}

void sweep::give_back(const probe& asked) {
  if (asked.why != probe::purpose::canary) {
    once_more_.push_back(asked);
    return;
  }
  --canaries_sent_;
  std::swap(canaries_[canaries_sent_], *std::ranges::find(canaries_, asked.port));
}

bool sweep::report_canary(verdict what) {
  ++canaries_back_;
  if (what == verdict::open) ++canaries_open_;
  if (what == verdict::closed) ++refused_;
  check_canaries();
  return false;
}

void sweep::settle(std::uint32_t place) {
  ++done_;
  settled_[place - prefix_] = true;
  while (!settled_.empty() && settled_.front()) {
    settled_.pop_front();
    ++prefix_;
  }
}

void sweep::look_for_tarpit() {
  auto yes = static_cast<std::uint32_t>(open_.size());
  if (yes < suspicious_at_ || yes * 100 < (yes + refused_) * suspicious_share_percent) return;
  if (canaries_back_ < canaries_.size()) return;  // check in progress
  suspicious_at_ *= suspicious_again;
  canaries_.clear();
  canaries_sent_ = 0;
  canaries_back_ = 0;
  canaries_open_ = 0;
  constexpr std::uint64_t range = 65536 - canary_from;
  while (canaries_.size() < canary_count) {
    auto port = static_cast<std::uint16_t>(canary_from + next_random(random_) % range);
    bool taken = std::ranges::find(canaries_, port) != canaries_.end() ||
                 std::ranges::find(open_, port) != open_.end();
    if (!taken) canaries_.push_back(port);
  }
}

void sweep::check_canaries() {
  if (canaries_open_ < canaries_convict) return;
  tarpit_ = true;
  open_.clear();
  open_places_.clear();
}

bool sweep::finished() const {
  if (tarpit_) return true;
  bool canaries_out = canaries_back_ < canaries_.size();
  bool first_pass_over = next_place_ >= ports_.size() && once_more_.empty();
  bool second_pass_over = second_pass_ ? again_unsent_ == 0 : owing_count_ == 0;
  return in_flight_ == 0 && !canaries_out && first_pass_over && second_pass_over;
}

host_state sweep::host() const {
  if (tarpit_) return host_state::tarpit;
  if (answered_) return host_state::answering;
  return finished() ? host_state::silent : host_state::unknown;
}

bool sweep::may_be_tarpit() const {
  if (canaries_back_ < canaries_.size()) return true;
  return !finished() && open_.size() < suspicious_first_;
}

model::sweep_cursor sweep::cursor() const {
  model::sweep_cursor out;
  if (tarpit_) return out;  // it is detected again immediately
  out.index = prefix_;
  out.answered = answered_;
  // Ports beyond the index are probed again, so they are omitted.
  std::vector<std::uint16_t> open;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (open_places_[i] < prefix_) open.push_back(open_[i]);
  }
  out.open = model::number_list(std::move(open));
  std::vector<std::uint16_t> silent;
  for (std::uint32_t place = 0; place < prefix_; ++place) {
    if (owing_[place]) silent.push_back(static_cast<std::uint16_t>(place + 1));
  }
  out.silent = model::number_list(std::move(silent));
  return out;
}

}  // namespace sonde::scanner
