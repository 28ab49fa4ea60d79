#include "admin/key_changes.hpp"

#include "admin/errc.hpp"
#include "base/async/deadline.hpp"
#include "model/auth/key_rules.hpp"
#include "model/events.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::admin {

/// Counts a key from the check until the view contains it.
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

key_changes::key_changes(const context& around, views::credential_view& credentials,
                         random_source random)
    : queue_(around.queue),
      credentials_(credentials),
      random_(std::move(random)),
      limits_(around.bounds),
      clock_(around.time),
      log_(around.log),
      writes_(around.loop, around.log, "changes of keys") {}

namespace {

error invalid(const error& why) {
  return fail(errc::invalid, why.message());
}

}  // namespace

awaitable<result<>> read_all_keys(views::credential_view& credentials, steady_time until) {
  bool all_read = co_await credentials.catch_up(until);
  if (!all_read) {
    co_return fail(errc::behind,
                   "not all keys have been read from their topic yet; try again later");
  }
  co_return result<>();
}

/// Returns the key for an order if the rules allow it.
result<model::new_key> key_changes::check(model::key_order order) {
  if (auto fine = model::check_order(order, limits_.key_days); !fine) return invalid(fine.error());
  if (auto fine = model::check_reserved_user(order); !fine) return invalid(fine.error());
  std::optional<wall_time> ends;
  if (!order.parent.empty()) {
    const auto* parent = credentials_.find(order.parent.str());
    auto checked = parent == nullptr ? model::checked_key{model::key_state::revoked, {}}
                                     : credentials_.check(*parent);
    if (checked.state != model::key_state::valid || parent->what.user_id != order.user_id) {
      return fail(errc::invalid, "the calling key is no longer valid");
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
    return fail(errc::too_many,
                fmt::format("this user has {} keys, which is limits.keys_per_user; expired ones "
                            "are not counted, revoked ones for limits.revoked_key_s seconds more",
                            there.of_user));
  }
  if (there.total + pending_total_ >= limits_.keys) {
    return fail(
        errc::full,
        "the limit of keys of this server (limits.keys) is reached; revoke keys that are not used");
  }
  return {};
}

/// Makes the key durable, and waits until the view of this process contains it.
awaitable<result<>> key_changes::write(model::credential key, steady_time until) {
  std::vector<record> batch;
  batch.push_back(to_record(key));
  auto written = co_await abandon_after(writes_, queue_.produce(std::move(batch)), until);
  if (!written) {
    co_return fail(errc::not_confirmed,
                   "the queue did not confirm the change in time; it may still take effect");
  }
  if (!*written) co_return fail(errc::not_confirmed, written->error().message());
  bool known = co_await credentials_.catch_up(until);
  if (!known) {
    co_return fail(errc::not_confirmed,
                   "the change is written, but this process did not read it in time");
  }
  co_return result<>();
}

/// Revokes a new key that exceeds a limit because another process created a key at the same time.
awaitable<result<>> key_changes::withdraw(model::credential key, steady_time until) {
  log_.warning("another process created a key at the same time; revoking this one",
               {{"key", key.id.str()}, {"user", key.user_id}});
  key.revoked = clock_.now();
  co_return co_await write(std::move(key), until);
}

awaitable<result<model::new_key>> key_changes::make(model::key_order order, steady_time until) {
  auto made = check(std::move(order));
  if (!made) co_return made.error();
  // No await occurs between here and the reservation: checking and counting are one step.
  if (auto room = check_room(made->what.user_id); !room) co_return room.error();
  reservation counted(*this, made->what);
  auto written = co_await write(made->what, until);
  if (!written) co_return written.error();
  auto there = credentials_.count(made->what.user_id);
  bool of_user = there.of_user > limits_.keys_per_user;
  if (of_user || there.total > limits_.keys) {
    auto withdrawn = co_await withdraw(made->what, until);
    if (!withdrawn) co_return withdrawn.error();
    co_return fail(of_user ? errc::too_many : errc::full,
                   std::string("another process created a key at the same time, and limits.") +
                       (of_user ? "keys_per_user" : "keys") + " is reached; try again later");
  }
  co_return made;
}

awaitable<result<>> key_changes::revoke(std::string id, std::string of_user, steady_time until) {
  auto refusal = fail(errc::not_found, "there is no key with this id");
  if (credentials_.find(id) == nullptr) {
    auto all_read = co_await read_all_keys(credentials_, until);
    if (!all_read) co_return all_read.error();
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

}  // namespace sonde::admin
