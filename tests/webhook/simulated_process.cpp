#include "tests/webhook/simulated_process.hpp"

#include "webhook/errc.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace sonde::test {
namespace {

using std::chrono::seconds;
using webhook::delivery_action;
using webhook::errc;

constexpr std::size_t partition_count = 2;
const std::vector<seconds> simulated_pauses{seconds(0), seconds(5), seconds(60)};
constexpr std::size_t endpoint_count = 2;

void require(bool holds, const char* what, const model::delivery_id& id) {
  if (!holds) throw broken_invariant{std::string(what) + ": " + id.str()};
}

std::string endpoint_of(const model::delivery_id& id) {
  return "https://" + std::to_string(static_cast<unsigned char>(id.str().back()) % endpoint_count) +
         ".example:443";
}

bool is_end(const model::webhook_delivery& state) {
  return state.state != model::delivery_state::pending;
}

webhook::attempt_outcome status(unsigned code, std::string retry_after = {}) {
  return webhook::attempt_response{code, std::move(retry_after)};
}

/// Removes an element chosen at random from those that `fits` accepts.
template <class T, class Fits>
std::optional<T> take_any(std::vector<T>& from, seeded_random& random, Fits fits) {
  for (std::size_t i = 0, place = from.empty() ? 0 : random.below(from.size()); i < from.size();
       ++i, place = (place + 1) % from.size()) {
    if (!fits(from[place])) continue;
    std::swap(from[place], from.back());
    std::optional<T> out(std::move(from.back()));
    from.pop_back();
    return out;
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t seeded_random::next() {
  auto z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

simulated_world::simulated_world(std::uint64_t seed) : random(seed), partitions(partition_count) {
  bounds.webhook_in_flight = 3;
  bounds.webhook_endpoint_in_flight = 2;
  bounds.webhook_endpoint_queued = 4;
  bounds.webhook_queued = 6;
}

void simulated_world::write(const simulated_batch& batch) {
  auto& to = partitions[static_cast<std::size_t>(batch.partition)];
  for (const auto& state : batch.states) {
    using model::delivery_state;
    require(state.attempts <= simulated_pauses.size(), "more attempts than the plan has", state.id);
    if (state.state == delivery_state::delivered) {
      require(delivered.contains(state.id), "recorded as delivered, but no receiver accepted it",
              state.id);
    }
    if (state.state == delivery_state::gone) {
      require(refused.contains(state.id), "recorded as gone without a 410", state.id);
    }
    if (state.state == delivery_state::dead) {
      require(!state.reason.empty(), "abandoned without a reason", state.id);
      dead_letters.insert(state.id);
    }
    if (is_end(state)) ended.insert(state.id);
    to.states.push_back(state);
  }
}

webhook::attempt_outcome simulated_world::respond(const model::delivery_id& id) {
  auto dice = random.below(100);
  if (dice < 55) delivered.insert(id);
  if (dice < 45) return status(200);
  if (dice < 55) return fail(errc::timeout, "the response was lost");
  if (dice < 70) return status(500);
  if (dice < 78) return status(429, "30");
  if (dice < 93) return fail(errc::unreachable, "no connection");
  if (dice < 97) return fail(errc::unusable, "cannot be decrypted");
  refused.insert(id);
  return status(410);
}

bool simulated_world::has_state(std::int32_t partition, const model::delivery_id& id) const {
  const auto& states = partitions[static_cast<std::size_t>(partition)].states;
  return std::ranges::find(states, id, &model::webhook_delivery::id) != states.end();
}

void simulated_process::start() {
  webhook::delivery_rules rules{webhook::retry_plan(simulated_pauses), seconds(3'600)};
  table_.emplace(std::move(rules), world_.bounds);
}

void simulated_process::forget() {
  table_.reset();
  assignment_.reset();
  gave_back_ = false;
  replaying_ = false;
  intake_.reset();
  records_.clear();
  attempts_.clear();
  known_ends_.clear();
  done_.clear();
}

std::vector<simulated_batch> simulated_process::crash() {
  for (const auto& each : attempts_)
    if (!each.outcome && world_.random.chance(50)) std::ignore = world_.respond(each.id);
  auto out = std::move(records_);
  if (intake_) out.push_back(std::move(*intake_));
  forget();
  return out;
}

void simulated_process::shut_down() {
  for (const auto& each : attempts_)
    table_->shut_down(each.id);
  for (const auto& each : records_)
    table_->not_recorded(each.states.front().id);
  if (intake_) {
    for (const auto& each : intake_->states)
      table_->not_recorded(each.id);
  }
  auto rest = table_->owned();
  table_->revoke(rest);
  if (table_->size() != 0) throw broken_invariant{"a process that stops keeps deliveries"};
  forget();
}

void simulated_process::fail_replay() {
  if (replaying_) begin_replay(table_->owned());
}

std::optional<wall_time> simulated_process::next_due() const {
  return table_ ? table_->next_due() : std::nullopt;
}

bool simulated_process::work() {
  if (!table_) return false;
  using step = bool (simulated_process::*)();
  constexpr std::array<step, 8> steps{
      &simulated_process::learn_assignment, &simulated_process::replay_some,
      &simulated_process::read_some,        &simulated_process::finish_intake,
      &simulated_process::start_attempt,    &simulated_process::respond,
      &simulated_process::end_attempt,      &simulated_process::finish_record};
  auto first = world_.random.below(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i)
    if ((this->*steps[(first + i) % steps.size()])()) return true;
  return false;
}

/// The consumer reports changes between two batches, first the loss of all partitions.
bool simulated_process::learn_assignment() {
  if (!assignment_ || replaying_ || intake_) return false;
  if (!gave_back_) {
    auto all = table_->owned();
    table_->revoke(all);
    gave_back_ = true;
    return true;
  }
  gave_back_ = false;
  auto partitions = std::move(*assignment_);
  assignment_.reset();
  next_request_.clear();
  for (auto each : partitions)
    next_request_[each] = world_.partitions[static_cast<std::size_t>(each)].committed;
  begin_replay(std::move(partitions));
  return true;
}

void simulated_process::begin_replay(std::set<std::int32_t> partitions) {
  replayed_.clear();
  replay_ends_.clear();
  for (auto each : partitions) {
    replayed_[each] = 0;
    replay_ends_[each] = world_.partitions[static_cast<std::size_t>(each)].states.size();
  }
  replaying_ = true;
  table_->begin_replay(std::move(partitions));
}

bool simulated_process::replay_some() {
  if (!replaying_) return false;
  for (auto& [partition, next] : replayed_) {
    const auto& states = world_.partitions[static_cast<std::size_t>(partition)].states;
    auto end = std::min(replay_ends_[partition], next + 1 + world_.random.below(4));
    if (next == end) continue;
    for (; next < end; ++next) {
      if (is_end(states[next])) known_ends_.insert(states[next].id);
      table_->replay(partition, states[next]);
    }
    return true;
  }
  replaying_ = false;
  table_->end_replay();
  return true;
}

bool simulated_process::read_some() {
  if (replaying_ || intake_) return false;
  for (auto partition : table_->owned()) {
    auto& next = next_request_[partition];
    const auto& requests = world_.partitions[static_cast<std::size_t>(partition)].requests;
    simulated_batch batch;
    batch.partition = partition;
    batch.commit = next;
    auto most = static_cast<std::int64_t>(1 + world_.random.below(3));
    auto end = std::min(next + most, static_cast<std::int64_t>(requests.size()));
    while (batch.commit < end && accept(partition, batch.commit, batch))
      ++batch.commit;
    if (batch.commit == next) continue;
    next = batch.commit;
    intake_ = std::move(batch);
    return true;
  }
  return false;
}

/// Returns false if the message has to wait.
bool simulated_process::accept(std::int32_t partition, std::int64_t offset, simulated_batch& into) {
  const auto& from = world_.partitions[static_cast<std::size_t>(partition)];
  const auto& id = from.requests[static_cast<std::size_t>(offset)];
  if (table_->is_superseded(id)) return false;
  if (!table_->is_new(id, offset, webhook::message_origin::produced)) return true;
  model::webhook_delivery first;
  first.id = id;
  first.endpoint = endpoint_of(id);
  first.request = offset;
  first.created = world_.now;
  auto space = table_->room_for(first.endpoint);
  if (space == webhook::room::soon) {
    if (world_.random.chance(50)) return false;
    table_->give_up_waiting_for(first.endpoint);
    space = webhook::room::no;
  }
  auto step = table_->accept(std::move(first), partition, space);
  bool fits = step.action ==
              (space == webhook::room::yes ? delivery_action::record : delivery_action::give_up);
  require(fits, "an accepted message is not recorded", id);
  into.states.push_back(std::move(step.state));
  return true;
}

bool simulated_process::finish_intake() {
  if (!intake_) return false;
  auto batch = std::move(*intake_);
  intake_.reset();
  land(batch);
  commit(batch);
  return true;
}

/// Commits a batch, unless the group has given the partition to another process since.
void simulated_process::commit(const simulated_batch& batch) {
  auto& to = world_.partitions[static_cast<std::size_t>(batch.partition)];
  if (to.owner != index_ || assignment_) return;
  for (std::int64_t i = to.committed; i < batch.commit; ++i) {
    const auto& id = to.requests[static_cast<std::size_t>(i)];
    require(world_.has_state(batch.partition, id), "committed without a state", id);
  }
  to.committed = batch.commit;
}

bool simulated_process::start_attempt() {
  const auto* next = table_->take(world_.now);
  if (next == nullptr) return false;
  const auto& id = next->state().id;
  require(!known_ends_.contains(id), "sent again after its end was known", id);
  require(world_.has_state(next->partition(), id), "sent before a state was recorded", id);
  require(table_->owned().contains(next->partition()), "sent without its partition", id);
  require(next->due() <= world_.now, "sent before it was due", id);
  require(std::ranges::find(attempts_, id, &attempt::id) == attempts_.end(),
          "two attempts at a time", id);
  ++world_.attempts;
  if (world_.ended.contains(id)) ++world_.repeated;
  attempts_.push_back({id, next->source(), std::nullopt});
  return true;
}

bool simulated_process::respond() {
  auto one = take_any(attempts_, world_.random, [](const attempt& a) { return !a.outcome; });
  if (!one) return false;
  const auto& from = world_.partitions[static_cast<std::size_t>(one->source.partition)];
  const auto& sent = from.requests.at(static_cast<std::size_t>(one->source.request));
  require(sent == one->id, "an attempt carries the id of another message", one->id);
  one->outcome = world_.respond(one->id);
  attempts_.push_back(std::move(*one));
  return true;
}

bool simulated_process::end_attempt() {
  auto one =
      take_any(attempts_, world_.random, [](const attempt& a) { return a.outcome.has_value(); });
  if (!one) return false;
  auto step = table_->attempt_ended(one->id, world_.now, std::move(*one->outcome));
  if (step.action == delivery_action::release) return true;
  require(table_->owned().contains(step.partition), "recorded without its partition", one->id);
  bool dead = step.state.state == model::delivery_state::dead;
  require(step.action == (dead ? delivery_action::give_up : delivery_action::record),
          "an outcome is not recorded", one->id);
  simulated_batch batch;
  batch.partition = step.partition;
  batch.states.push_back(std::move(step.state));
  records_.push_back(std::move(batch));
  return true;
}

bool simulated_process::finish_record() {
  auto batch = take_any(records_, world_.random, [](const simulated_batch&) { return true; });
  if (!batch) return false;
  land(*batch);
  return true;
}

void simulated_process::land(const simulated_batch& batch) {
  bool ours = world_.partitions[static_cast<std::size_t>(batch.partition)].owner == index_;
  if (!ours) ++world_.late_writes;
  world_.write(batch);
  for (const auto& state : batch.states) {
    auto step = table_->recorded(state.id);
    if (step.action != delivery_action::done) continue;
    require(is_end(step.state), "done without an end", state.id);
    require(done_.insert(state.id).second, "ended twice by one process", state.id);
    known_ends_.insert(state.id);
  }
}

}  // namespace sonde::test
