#include "views/key_changes.hpp"

#include "base/async/deadline.hpp"
#include "model/events.hpp"
#include "model/key_rules.hpp"
#include "model/text.hpp"
#include "views/key_errc.hpp"

#include <algorithm>

namespace sonde::views {

/// Counts a key from the check to the moment when the view knows it.
class key_changes::reservation {
 public:
  reservation(key_changes& owner, const model::credential& key)
      : owner_(owner), user_(key.user_id), id_(key.id.str()) {
    owner_.pending_[user_].push_back(id_);
    ++owner_.pending_total_;
  }
  ~reservation() {
    auto theirs = owner_.pending_.find(user_);
    std::erase(theirs->second, id_);
    if (theirs->second.empty()) owner_.pending_.erase(theirs);
    --owner_.pending_total_;
  }
  reservation(const reservation&) = delete;
  reservation& operator=(const reservation&) = delete;

 private:
  key_changes& owner_;
  std::string user_;
  std::string id_;
};

key_changes::key_changes(executor loop, queue::backend& queue, credential_view& credentials,
                         random_source random, const limits& limits, const clock& clock,
                         logger& log)
    : queue_(queue),
      credentials_(credentials),
      random_(std::move(random)),
      limits_(limits),
      clock_(clock),
      log_(log),
      writes_(loop, log, "changes of keys") {}

namespace {

error invalid(const error& why) {
  return fail(key_errc::invalid, why.message());
}

}  // namespace

/// The key that an order comes to, where the rules allow it.
result<model::new_key> key_changes::check(model::key_order order) {
  if (auto fine = model::check_order(order, limits_.key_days); !fine) return invalid(fine.error());
  if (auto fine = model::check_reserved_user(order); !fine) return invalid(fine.error());
  std::optional<wall_time> ends;
  if (!order.parent.empty()) {
    const auto* parent = credentials_.find(order.parent.str());
    auto checked = parent == nullptr ? model::checked_key{model::key_state::revoked, {}}
                                     : credentials_.check(*parent);
    if (checked.state != model::key_state::valid || parent->what.user_id != order.user_id) {
      return fail(key_errc::invalid, "the key that asks for another one is not valid any more");
    }
    auto fine = model::check_derived(order, checked.rights, limits_.key_depth);
    if (!fine) return invalid(fine.error());
    ends = checked.rights.expires;
  }
  model::key_bytes bytes{};
  random_(bytes);
  auto made = model::make_key(std::move(order), bytes, clock_.now());
  auto& expires = made.what.expires;
  if (ends && (!expires || *ends < *expires)) expires = ends;
  return made;
}

result<> key_changes::check_room(const std::string& user) {
  auto there = credentials_.count(user);
  if (auto theirs = pending_.find(user); theirs != pending_.end()) {
    there.of_user += static_cast<std::uint64_t>(std::ranges::count_if(
        theirs->second, [&](const std::string& id) { return credentials_.find(id) == nullptr; }));
  }
  if (there.of_user >= limits_.keys_per_user) {
    return fail(key_errc::too_many,
                "this user has " + std::to_string(there.of_user) +
                    " keys, which is limits.keys_per_user; expired ones are not counted, revoked "
                    "ones for limits.revoked_key_s seconds more");
  }
  if (there.total + pending_total_ >= limits_.keys) {
    return fail(key_errc::full, "this server has as many keys as limits.keys allows");
  }
  return {};
}

/// Durable, and known to this process's view.
awaitable<result<>> key_changes::write(model::credential key, steady_time until) {
  std::vector<record> batch;
  batch.push_back(to_record(key));
  auto written = co_await abandon_after(writes_, queue_.produce(std::move(batch)), until);
  if (!written) {
    co_return fail(key_errc::not_confirmed,
                   "the queue did not confirm the change in time; it may be done all the same");
  }
  if (!*written) co_return fail(key_errc::not_confirmed, written->error().message());
  bool known = co_await credentials_.catch_up(until);
  if (!known) {
    co_return fail(key_errc::not_confirmed,
                   "it is written, but this process has not read it in time");
  }
  co_return result<>();
}

/// Revokes a key that lost against another process's.
awaitable<result<>> key_changes::withdraw(model::credential key, steady_time until) {
  log_.warning("a key was made in another process at the same time; this one is revoked",
               {{"key", key.id.str()}, {"user", key.user_id}});
  key.revoked = clock_.now();
  co_return co_await write(std::move(key), until);
}

awaitable<result<model::new_key>> key_changes::make(model::key_order order, steady_time until) {
  auto made = check(std::move(order));
  if (!made) co_return made.error();
  // From here to the reservation nothing waits: checking and counting are one step.
  if (auto room = check_room(made->what.user_id); !room) co_return room.error();
  reservation counted(*this, made->what);
  auto written = co_await write(made->what, until);
  if (!written) co_return written.error();
  auto there = credentials_.count(made->what.user_id);
  bool of_user = there.of_user > limits_.keys_per_user;
  if (of_user || there.total > limits_.keys) {
    auto withdrawn = co_await withdraw(made->what, until);
    if (!withdrawn) co_return withdrawn.error();
    co_return fail(of_user ? key_errc::too_many : key_errc::full,
                   std::string("another process has made a key at the same time, and limits.") +
                       (of_user ? "keys_per_user" : "keys") + " is reached; try again later");
  }
  co_return made;
}

awaitable<result<>> key_changes::revoke(std::string id, std::string of_user, steady_time until) {
  auto refusal = fail(key_errc::not_found, "there is no key with this id");
  if (credentials_.find(id) == nullptr) {
    bool caught_up = co_await credentials_.catch_up(until);
    if (!caught_up) {
      co_return fail(key_errc::not_confirmed,
                     "the credentials are behind their topic; try again later");
    }
  }
  const auto* key = credentials_.find(id);
  if (key == nullptr || (!of_user.empty() && key->what.user_id != of_user)) co_return refusal;
  if (key->what.revoked) co_return refusal;
  auto changed = key->what;
  changed.revoked = clock_.now();
  co_return co_await write(std::move(changed), until);
}

awaitable<void> key_changes::stop() {
  co_await writes_.join();
}

}  // namespace sonde::views
