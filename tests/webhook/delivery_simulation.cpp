#include "tests/webhook/delivery_simulation.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace sonde::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t process_count = 3;
constexpr std::size_t most_messages = 8;
constexpr int hazardous_steps = 150;
constexpr int most_final_steps = 20'000;

}  // namespace

delivery_simulation::delivery_simulation(std::uint64_t seed, hazards dangers)
    : world_(seed), dangers_(dangers) {
  for (std::size_t i = 0; i < process_count; ++i) {
    processes_.emplace_back(world_, i);
    processes_.back().start();
  }
  rebalance();
}

void delivery_simulation::run() {
  for (int i = 0; i < hazardous_steps; ++i)
    step();
  finish();
  check_ends();
}

void delivery_simulation::step() {
  auto& random = world_.random;
  auto dice = random.below(100);
  if (dice < 8) {
    produce();
  } else if (dice < 14) {
    if (dangers_ == hazards::all) disturb();
  } else if (dice < 22) {
    world_.now += milliseconds(random.below(20'000));
  } else if (dice < 26) {
    land_late_write();
  } else {
    processes_[random.below(processes_.size())].work();
  }
}

/// Adds a message, or one that was there before: the scanner repeats messages after a crash.
void delivery_simulation::produce() {
  if (produced_ == most_messages) return;
  auto& random = world_.random;
  auto& to = world_.partitions[random.below(world_.partitions.size())].requests;
  bool repeats = !to.empty() && random.chance(20);
  auto id =
      repeats ? to[random.below(to.size())] : model::delivery_id("m" + std::to_string(produced_++));
  to.push_back(std::move(id));
}

/// Gives each partition to a process that runs. The processes learn it one after another.
void delivery_simulation::rebalance() {
  std::vector<std::size_t> running;
  for (std::size_t i = 0; i < processes_.size(); ++i)
    if (processes_[i].running()) running.push_back(i);
  std::map<std::size_t, std::set<std::int32_t>> assignment;
  for (std::size_t i = 0; i < world_.partitions.size() && !running.empty(); ++i) {
    auto owner = running[world_.random.below(running.size())];
    world_.partitions[i].owner = owner;
    assignment[owner].insert(static_cast<std::int32_t>(i));
  }
  for (auto i : running)
    processes_[i].assign(assignment[i]);
}

void delivery_simulation::disturb() {
  auto& random = world_.random;
  auto& one = processes_[random.below(processes_.size())];
  auto dice = random.below(4);
  if (dice == 0) {
    one.fail_replay();
    return;
  }
  if (!one.running()) {
    one.start();
  } else if (dice == 1) {
    one.shut_down();
  } else if (dice == 2) {
    for (auto& batch : one.crash())
      if (random.chance(50)) late_.push_back(std::move(batch));
  }
  rebalance();
}

void delivery_simulation::land_late_write() {
  if (late_.empty()) return;
  std::swap(late_[world_.random.below(late_.size())], late_.back());
  ++world_.late_writes;
  world_.write(late_.back());
  late_.pop_back();
}

/// Ends the hazards: starts every process, and works until nothing is left to do.
void delivery_simulation::finish() {
  for (auto& each : processes_)
    if (!each.running()) each.start();
  if (dangers_ == hazards::all) rebalance();
  for (int i = 0; i < most_final_steps; ++i) {
    if (world_.random.chance(10)) land_late_write();
    auto first = world_.random.below(processes_.size());
    bool worked = false;
    for (std::size_t k = 0; k < processes_.size() && !worked; ++k)
      worked = processes_[(first + k) % processes_.size()].work();
    if (worked || advance_to_next_due()) continue;
    while (!late_.empty())
      land_late_write();
    return;
  }
  throw broken_invariant{"the work does not end"};
}

bool delivery_simulation::advance_to_next_due() {
  std::optional<wall_time> next;
  for (const auto& each : processes_)
    if (auto due = each.next_due()) next = next ? std::min(*next, *due) : *due;
  if (!next || *next <= world_.now) return false;
  world_.now = *next;
  return true;
}

void delivery_simulation::check_ends() const {
  auto require = [](bool holds, const char* what, const model::delivery_id& id) {
    if (!holds) throw broken_invariant{std::string(what) + ": " + id.str()};
  };
  for (std::size_t i = 0; i < world_.partitions.size(); ++i) {
    const auto& topic = world_.partitions[i];
    webhook::delivery_history history;
    std::map<model::delivery_id, int> ends;
    for (const auto& state : topic.states) {
      history.replay(static_cast<std::int32_t>(i), state);
      if (state.state != model::delivery_state::pending) ++ends[state.id];
      bool dead = state.state == model::delivery_state::dead;
      require(!dead || world_.dead_letters.contains(state.id), "dead without a letter", state.id);
    }
    for (const auto& id : topic.requests) {
      require(!history.is_new(id, 0, webhook::message_origin::produced), "never ended", id);
      require(dangers_ == hazards::all || ends[id] == 1, "ended more than once", id);
    }
    for (const auto& left : history.take_open())
      require(false, "still open", left.state.id);
    if (topic.committed != static_cast<std::int64_t>(topic.requests.size())) {
      throw broken_invariant{"messages are left uncommitted"};
    }
  }
}

}  // namespace sonde::test
