#include "views/credential_view.hpp"

#include "model/events.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sonde::views {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_again{5'000};
constexpr milliseconds retry_soon{500};
constexpr std::chrono::minutes use_precision{1};
constexpr std::chrono::hours use_interval{1};
/// The number of keys removed from memory at once, which takes about a millisecond.
constexpr int most_forgotten = 1'000;

}  // namespace

credential_view::credential_view(executor loop, queue::backend& queue, const limits& limits,
                                 const clock& clock, logger& log)
    : limits_(limits),
      clock_(clock),
      log_(log),
      follower_(loop, queue, {model::topics::credentials}, log),
      work_(loop, log, "credentials") {}

void credential_view::start() {
  follower_.restart({});
  work_.spawn(fold_all());
  work_.spawn(stay_current());
}

awaitable<void> credential_view::stop() {
  follower_.stop();
  work_.cancel();
  follower_.announce();
  co_await work_.join();
}

bool credential_view::current() const {
  auto allowed = milliseconds(limits_.credentials_lag_ms);
  return current_as_of_ && clock_.steady_now() - *current_as_of_ <= allowed;
}

awaitable<bool> credential_view::wait_until_caught_up(steady_time deadline) {
  return follower_.wait_until([this] { return caught_up_once(); }, deadline);
}

awaitable<bool> credential_view::catch_up(steady_time deadline) {
  return follower_.catch_up(deadline);
}

/// Queries the end of the topic periodically: an idle reader does not prove that the topic has no
/// more records.
awaitable<void> credential_view::stay_current() {
  while (!follower_.stopping().requested()) {
    auto asked = clock_.steady_now();
    bool reached = co_await catch_up(steady_time::max());
    if (reached) {
      if (!caught_up_once() && keys_.empty()) {
        log_.warning("no API key exists; create one",
                     {{"hint", "sonde key create --role admin --group public"}});
      }
      // Before the first complete read, a use may be folded before its key.
      if (!caught_up_once()) uses_of_unknown_.clear();
      current_as_of_ = asked;
      follower_.announce();
      forget_ended();
    }
    auto pause = reached ? look_again : retry_soon;
    co_await follower_.stopping().pause(pause);
  }
}

awaitable<void> credential_view::fold_all() {
  topic_follower::callbacks ours;
  ours.fold = [this](std::vector<queue::stored_record> batch) {
    return fold_batch(std::move(batch));
  };
  ours.overtaken = [this] { return start_again(); };
  ours.unreadable = "credentials cannot be read";
  co_await follower_.run(std::move(ours));
}

awaitable<void> credential_view::fold_batch(std::vector<queue::stored_record> batch) {
  for (const auto& one : batch)
    fold(one);
  follower_.advance(queue::positions_after(batch));
  follower_.announce();
  co_return;
}

/// Restarts at the first record; folding records again gives the same result. A key whose
/// revocation has left memory could seem valid meanwhile, so no key is accepted until the view is
/// current again.
awaitable<void> credential_view::start_again() {
  current_as_of_.reset();
  follower_.restart({});
  co_await follower_.stopping().pause(retry_soon);
}

void credential_view::fold(const queue::stored_record& one) {
  if (model::is_key_use(one.what)) {
    fold_use(one);
    return;
  }
  auto key = model::parse_credential(one.what.value);
  if (!key || key->id.str() != one.what.key) {
    skip(one);
    return;
  }
  auto found = keys_.find(one.what.key);
  bool is_new = found == keys_.end();
  if (is_new && key->expired_at(clock_.now())) return;
  auto& known = is_new ? add(one.what.key, *key) : found->second;
  if (known.what.revoked || known.what.user_id != key->user_id) return;
  auto revoked = std::exchange(key->revoked, std::nullopt);
  known.what = std::move(*key);
  auto parent = keys_.find(known.what.parent.str());
  if (!revoked && parent != keys_.end()) revoked = parent->second.what.revoked;
  if (revoked) mark_revoked(one.what.key, *revoked);
}

known_key& credential_view::add(const std::string& id, const model::credential& key) {
  auto& known = keys_[id];
  known.what = key;
  known.what.revoked.reset();
  of_user_[key.user_id].push_back(id);
  if (!key.parent.empty()) children_[key.parent.str()].push_back(id);
  if (key.expires) ends_.emplace(*key.expires, id);
  // The uses of a key precede its record if compaction has replaced an older record of the key.
  if (auto early = uses_of_unknown_.extract(id)) {
    known.last_used = known.recorded_use = early.mapped();
  }
  return known;
}

/// Revokes a key and all keys derived from it: at most the keys of one user. Only the fact of the
/// revocation is kept.
void credential_view::mark_revoked(const std::string& id, wall_time at) {
  std::vector<std::string> left{id};
  while (!left.empty()) {
    auto next = std::move(left.back());
    left.pop_back();
    auto found = keys_.find(next);
    if (found == keys_.end() || found->second.what.revoked) continue;
    auto& key = found->second.what;
    key.revoked = at;
    key.name.clear();
    key.user_name.clear();
    key.roles.clear();
    key.groups.clear();
    ends_.emplace(at + std::chrono::seconds(limits_.revoked_key_s), next);
    auto derived = children_.find(next);
    if (derived == children_.end()) continue;
    left.insert(left.end(), derived->second.begin(), derived->second.end());
  }
}

void credential_view::forget(const std::string& id) {
  auto found = keys_.find(id);
  if (found == keys_.end()) return;
  auto leave = [&](auto& index, const std::string& name) {
    auto ids = index.find(name);
    if (ids == index.end()) return;
    std::erase(ids->second, id);
    if (ids->second.empty()) index.erase(ids);
  };
  leave(of_user_, found->second.what.user_id);
  leave(children_, found->second.what.parent.str());
  uses_.erase(id);
  keys_.erase(found);
}

/// Called only after the first complete read: until then a copy of a key's record may follow its
/// revocation.
void credential_view::forget_ended() {
  auto now = clock_.now();
  for (int left = most_forgotten; left > 0 && !ends_.empty(); --left) {
    auto first = ends_.begin();
    if (first->first > now) return;
    auto id = std::move(first->second);
    ends_.erase(first);
    forget(id);
  }
}

model::checked_key credential_view::check(const known_key& key) const {
  std::vector<const model::credential*> chain{&key.what};
  while (!chain.back()->parent.empty() && chain.size() < limits_.key_depth) {
    const auto* parent = find(chain.back()->parent.str());
    if (parent == nullptr) break;
    chain.push_back(&parent->what);
  }
  return model::check_chain(chain, clock_.now());
}

void credential_view::fold_use(const queue::stored_record& one) {
  auto use = model::parse_key_use(one.what.value);
  if (!use) {
    skip(one);
    return;
  }
  auto found = keys_.find(use->id.str());
  if (found == keys_.end()) {
    // The limit is that of the keys.
    if (uses_of_unknown_.size() >= limits_.keys) return;
    auto& last = uses_of_unknown_[use->id.str()];
    last = std::max(last, use->at);
    return;
  }
  auto& known = found->second;
  known.last_used = std::max(known.last_used, std::optional(use->at));
  known.recorded_use = std::max(known.recorded_use, std::optional(use->at));
}

void credential_view::skip(const queue::stored_record& one) {
  log_.warning("invalid record; skipping it", {{"topic", one.what.topic}, {"offset", one.offset}});
}

const known_key* credential_view::find(const std::string& id) const {
  auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : &found->second;
}

std::vector<known_key> credential_view::list(const std::string& user_id) const {
  std::vector<known_key> out;
  auto take = [&](const known_key& key) {
    if (check(key).state == model::key_state::valid) out.push_back(key);
  };
  if (user_id.empty()) {
    for (const auto& [id, key] : keys_)
      take(key);
  } else if (auto theirs = of_user_.find(user_id); theirs != of_user_.end()) {
    for (const auto& id : theirs->second)
      take(keys_.at(id));
  }
  std::ranges::sort(out, [](const known_key& a, const known_key& b) {
    return std::tie(a.what.name, a.what.id) < std::tie(b.what.name, b.what.id);
  });
  return out;
}

credential_view::key_counts credential_view::count(const std::string& user_id) {
  forget_ended();
  key_counts out{keys_.size(), 0};
  auto theirs = of_user_.find(user_id);
  if (theirs == of_user_.end()) return out;
  auto now = clock_.now();
  for (const auto& id : theirs->second)
    out.of_user += keys_.at(id).what.expired_at(now) ? 0U : 1U;
  return out;
}

void credential_view::note_use(const std::string& id) {
  auto found = keys_.find(id);
  if (found == keys_.end()) return;
  auto now = clock_.now();
  auto& known = found->second;
  if (!known.last_used || now - *known.last_used >= use_precision) known.last_used = now;
  if (known.recorded_use && now - *known.recorded_use < use_interval) return;
  known.recorded_use = now;
  uses_.insert_or_assign(id, now);
}

std::vector<model::key_use> credential_view::take_uses() {
  std::vector<model::key_use> out;
  for (const auto& [id, at] : std::exchange(uses_, {}))
    out.push_back({model::key_id(id), at});
  return out;
}

}  // namespace sonde::views
