#include "tests/scanner/sweep_simulation.hpp"

#include <algorithm>

namespace sonde::test {

void simulation::step(std::size_t most, std::uint64_t& random) {
  for (std::size_t i = 0; i < most; ++i) {
    auto next = swept.next();
    if (!next) break;
    in_flight_.push_back(*next);
  }
  for (auto answers = scanner::next_random(random) % (most + 1); answers > 0; --answers)
    answer_one(random);
}

void simulation::answer_one(std::uint64_t& random) {
  if (in_flight_.empty()) return;
  auto place = scanner::next_random(random) % in_flight_.size();
  std::swap(in_flight_[place], in_flight_.back());
  auto asked = in_flight_.back();
  in_flight_.pop_back();
  if (asked.why == probe::purpose::canary) {
    canaries.insert(asked.port);
  } else {
    ++asks[asked.port];
  }
  auto time = asked.why == probe::purpose::canary ? 0 : asks[asked.port];
  if (swept.report(asked, host_(asked.port, time))) conversations.push_back(asked.port);
}

bool simulation::run(std::uint64_t random, std::size_t window) {
  for (int i = 0; i < 2'000'000 && !swept.finished(); ++i)
    step(window, random);
  return swept.finished() && (in_flight_.empty() || swept.host() == scanner::host_state::tarpit);
}

host_model listening_on(port_list open, verdict otherwise) {
  return [open, otherwise](std::uint16_t port, int) {
    return open.contains(port) ? verdict::open : otherwise;
  };
}

model::port_set ports(const char* text) {
  return model::port_set::parse(text).value();
}

port_list as_set(const std::vector<std::uint16_t>& list) {
  return {list.begin(), list.end()};
}

int asked_at_most(const simulation& s) {
  int most = 0;
  for (const auto& [port, times] : s.asks)
    most = std::max(most, times);
  return most;
}

}  // namespace sonde::test
