#include "scanner/engine/sweep.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

/// So many open ports make a host suspicious, if nearly all of its answers are yes.
constexpr std::uint32_t suspicious_open = 20;
constexpr std::uint32_t suspicious_share_percent = 80;
/// Ports nothing listens on, and how many of them must be open for a tarpit.
constexpr std::uint32_t canary_count = 8;
constexpr std::uint32_t canaries_convict = 7;
constexpr std::uint16_t canary_from = 1024;
/// Of a host that has not said a word, so many ports are asked again.
constexpr std::size_t silent_sample = 100;

std::vector<std::uint16_t> expand(const std::string& text) {
  std::vector<std::uint16_t> out;
  auto ports = model::port_set::parse(text);
  if (!ports) return out;
  for (std::uint32_t i = 0; i < ports->size(); ++i)
    out.push_back(ports->at(i));
  return out;
}

}  // namespace

sweep::sweep(model::port_set ports, std::uint64_t seed, const model::sweep_cursor& from)
    : ports_(std::move(ports)),
      order_(std::max(1U, ports_.size()), seed),
      random_(seed ^ 0x5ca1ab1eULL),
      suspicious_at_(suspicious_open) {
  next_index_ = std::min(from.index, ports_.size());
  prefix_ = next_index_;
  done_ = next_index_;
  silent_ = expand(from.silent);
  // Ports found open before are asked again, as they have to be talked to anyway.
  for (auto port : expand(from.open))
    once_more_.push_back({port, 0, probe::purpose::again});
}

std::optional<probe> sweep::next() {
  if (tarpit_) return std::nullopt;
  if (canaries_sent_ < canaries_.size()) {
    ++in_flight_;
    return probe{canaries_[canaries_sent_++], 0, probe::purpose::canary};
  }
  if (canaries_back_ < canaries_.size()) return std::nullopt;  // judged first
  if (!once_more_.empty()) {
    auto again = once_more_.back();
    once_more_.pop_back();
    ++in_flight_;
    return again;
  }
  if (next_index_ < ports_.size()) {
    auto index = next_index_++;
    answered_.push_back(false);
    ++in_flight_;
    return probe{ports_.at(order_.at(index)), index, probe::purpose::first};
  }
  if (!second_pass_ && in_flight_ == 0) begin_second_pass();
  if (second_pass_ && next_silent_ < silent_.size()) {
    ++in_flight_;
    return probe{silent_[next_silent_++], 0, probe::purpose::again};
  }
  return std::nullopt;
}

void sweep::begin_second_pass() {
  second_pass_ = true;
  bool answered_anything = refused_ > 0 || !open_.empty();
  if (!answered_anything && silent_.size() > silent_sample) silent_.resize(silent_sample);
}

bool sweep::report(const probe& asked, verdict what) {
  --in_flight_;
  last_was_loss_ = false;
  if (what == verdict::local) {
    if (asked.why == probe::purpose::canary) {
      --canaries_sent_;
      std::swap(canaries_[canaries_sent_], *std::ranges::find(canaries_, asked.port));
    } else {
      once_more_.push_back(asked);
    }
    return false;
  }
  if (asked.why == probe::purpose::canary) {
    ++canaries_back_;
    if (what == verdict::open) ++canaries_open_;
    if (what == verdict::closed) ++refused_;
    judge_canaries();
    return false;
  }
  bool answered = what == verdict::open || what == verdict::closed;
  if (asked.why == probe::purpose::first) {
    note_first_pass(asked.index);
    if (!answered) silent_.push_back(asked.port);
  } else {
    last_was_loss_ = answered && second_pass_;
  }
  if (what == verdict::closed) ++refused_;
  if (what != verdict::open || tarpit_) return false;
  // After a cursor some ports are asked twice.
  if (std::ranges::find(open_, asked.port) != open_.end()) return false;
  open_.push_back(asked.port);
  look_for_tarpit();
  return true;
}

void sweep::note_first_pass(std::uint32_t index) {
  ++done_;
  answered_[index - prefix_] = true;
  while (!answered_.empty() && answered_.front()) {
    answered_.pop_front();
    ++prefix_;
  }
}

void sweep::look_for_tarpit() {
  auto yes = static_cast<std::uint32_t>(open_.size());
  if (yes < suspicious_at_ || yes * 100 < (yes + refused_) * suspicious_share_percent) return;
  suspicious_at_ *= 4;
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

void sweep::judge_canaries() {
  if (canaries_open_ < canaries_convict) return;
  tarpit_ = true;
  open_.clear();
}

bool sweep::finished() const {
  if (tarpit_) return true;
  bool canaries_out = canaries_back_ < canaries_.size();
  bool first_pass_over = next_index_ >= ports_.size() && once_more_.empty();
  bool second_pass_over = silent_.empty() || (second_pass_ && next_silent_ >= silent_.size());
  return in_flight_ == 0 && !canaries_out && first_pass_over && second_pass_over;
}

host_state sweep::host() const {
  if (tarpit_) return host_state::tarpit;
  if (refused_ > 0 || !open_.empty()) return host_state::answering;
  return finished() ? host_state::silent : host_state::unknown;
}

model::sweep_cursor sweep::cursor() const {
  model::sweep_cursor out;
  out.index = prefix_;
  out.open = model::port_set::of(open_).text();
  auto owed = std::vector<std::uint16_t>(
      silent_.begin() + static_cast<std::ptrdiff_t>(next_silent_), silent_.end());
  out.silent = model::port_set::of(std::move(owed)).text();
  return out;
}

}  // namespace sonde::scanner
