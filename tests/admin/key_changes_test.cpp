#include "admin/key_changes.hpp"

#include "admin/errc.hpp"
#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

#include <algorithm>

namespace sonde::admin {
namespace {

using std::chrono::hours;

/// One process that creates keys: a view, and the changes to it.
struct key_process {
  key_process(executor loop, queue::backend& queue, const views::limits& bounds, const clock& time,
              logger& log, std::uint8_t number)
      : view(loop, queue, bounds, time, log),
        changes(context{loop, queue, bounds, time, log}, view, random_from(number)) {}

  static random_source random_from(std::uint8_t number) {
    return [number, made = std::uint8_t{0}](std::span<std::byte> into) mutable {
      std::ranges::fill(into, std::byte{7});
      into[0] = static_cast<std::byte>(number);
      into[1] = static_cast<std::byte>(++made);
    };
  }

  views::credential_view view;
  key_changes changes;
};

struct changing_world {
  changing_world() {
    std::vector<queue::topic_spec> topics = {
        {.name = model::topics::credentials, .policy = queue::cleanup::compact}};
    queue = queue::make_memory_queue(topics, "test", wall, bounds, log).value();
    for (auto number : {std::uint8_t{1}, std::uint8_t{2}}) {
      processes.push_back(
          std::make_unique<key_process>(loop.get_executor(), *queue, bounds, clock, log, number));
      processes.back()->view.start();
    }
    loop.start();
    for (auto& each : processes) {
      auto wait = [&each, this] { return each->view.wait_until_caught_up(until()); };
      REQUIRE(test::run(run_coroutine_on(loop.get_executor(), wait)));
    }
  }
  ~changing_world() {
    for (auto& each : processes) {
      test::run(run_coroutine_on(loop.get_executor(), [&each] { return each->changes.stop(); }));
      test::run(run_coroutine_on(loop.get_executor(), [&each] { return each->view.stop(); }));
    }
    loop.join();
    queue->close();
  }

  [[nodiscard]] steady_time until() const { return clock.steady_now() + hours(1); }
  static model::key_order order(std::string user, std::uint32_t days = 0,
                                const model::key_id& parent = {}) {
    model::key_order out;
    out.user_id = std::move(user);
    out.roles = {"user"};
    out.groups = {"red"};
    out.days = days;
    out.parent = parent;
    return out;
  }
  result<model::new_key> make(model::key_order what, std::size_t process = 0) {
    auto work = [this, what, process] { return processes[process]->changes.make(what, until()); };
    return test::run(run_coroutine_on(loop.get_executor(), work));
  }
  result<> revoke(const model::key_id& id, std::string of_user = {}) {
    auto work = [this, id, of_user] {
      return processes[0]->changes.revoke(id.str(), of_user, until());
    };
    return test::run(run_coroutine_on(loop.get_executor(), work));
  }
  /// Issues `count` orders before the first one is carried out. Returns the number of created keys.
  std::size_t make_at_once(std::size_t count, std::size_t of_processes) {
    std::size_t made = 0;
    std::size_t ended = 0;
    condition changed(loop.get_executor());
    auto one = [&](std::size_t process) -> awaitable<void> {
      auto key = co_await processes[process]->changes.make(order("ada"), until());
      made += key ? 1 : 0;
      ++ended;
      changed.notify_all();
    };
    auto all = [&]() -> awaitable<void> {
      for (std::size_t i = 0; i < count; ++i)
        asio::co_spawn(loop.get_executor(), one(i % of_processes), asio::detached);
      while (ended < count)
        co_await changed.wait();
    };
    test::run(run_coroutine_on(loop.get_executor(), all));
    return made;
  }
  model::checked_key check(const model::key_id& id, std::size_t process = 0) {
    auto look = [this, id, process] {
      auto& view = processes[process]->view;
      const auto* found = view.find(id.str());
      return found == nullptr ? model::checked_key{model::key_state::revoked, {}}
                              : view.check(*found);
    };
    return test::run(run_on(loop.get_executor(), look));
  }
  std::uint64_t count(const std::string& user, std::size_t process = 0) {
    auto look = [this, user, process] { return processes[process]->view.count(user).of_user; };
    return test::run(run_on(loop.get_executor(), look));
  }
  bool settle(std::size_t process) {
    auto wait = [this, process] { return processes[process]->view.catch_up(until()); };
    return test::run(run_coroutine_on(loop.get_executor(), wait));
  }

  views::limits bounds;
  system_clock wall;
  test::manual_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  event_loop loop{"keys"};
  std::vector<std::unique_ptr<key_process>> processes;
};

bool is_code(const error& why, errc code) {
  return why.code == make_error_code(code);
}

}  // namespace

TEST_CASE_FIXTURE(changing_world,
                  "forty concurrent orders create as many keys as the limit allows") {
  bounds.keys_per_user = 5;
  CHECK(make_at_once(40, 1) == 5);
  CHECK(count("ada") == 5);
  auto more = make(order("ada"));
  REQUIRE(!more);
  CHECK(is_code(more.error(), errc::too_many));
  CHECK(make(order("ben")));
}

TEST_CASE_FIXTURE(changing_world, "two processes never create more keys than the limit allows") {
  bounds.keys_per_user = 5;
  auto made = make_at_once(40, 2);
  CHECK(made <= 5);
  REQUIRE(settle(0));
  REQUIRE(settle(1));
  std::uint64_t valid = 0;
  for (const auto& key :
       test::run(run_on(loop.get_executor(), [this] { return processes[1]->view.list("ada"); }))) {
    valid += check(key.what.id, 0).state == model::key_state::valid ? 1U : 0U;
  }
  CHECK(valid == made);
}

TEST_CASE_FIXTURE(changing_world, "a derived key expires no later than its parent") {
  auto day = make(order("ada", 1)).value();
  auto derived = make(order("ada", 3'650, day.what.id)).value();
  CHECK(derived.what.expires == day.what.expires);
  auto grandchild = make(order("ada", 0, derived.what.id)).value();
  CHECK(grandchild.what.expires == day.what.expires);
  CHECK(check(grandchild.what.id).rights.first == day.what.id);
  clock.advance(hours(24));
  for (const auto& key : {day, derived, grandchild})
    CHECK(check(key.what.id).state != model::key_state::valid);
}

TEST_CASE_FIXTURE(changing_world,
                  "revoking a key revokes every key derived from it, in every process") {
  auto first = make(order("ada")).value();
  auto second = make(order("ada", 0, first.what.id)).value();
  auto third = make(order("ada", 0, second.what.id)).value();
  auto other = make(order("ada")).value();
  REQUIRE(settle(1));
  CHECK(check(third.what.id, 1).state == model::key_state::valid);
  REQUIRE(revoke(first.what.id));
  REQUIRE(settle(1));
  for (std::size_t process : {0U, 1U}) {
    for (const auto& key : {first, second, third})
      CHECK(check(key.what.id, process).state == model::key_state::revoked);
    CHECK(check(other.what.id, process).state == model::key_state::valid);
  }
  auto again = revoke(third.what.id);
  REQUIRE(!again);
  CHECK(is_code(again.error(), errc::not_found));
  auto late = make(order("ada", 0, third.what.id));
  REQUIRE(!late);
  CHECK(is_code(late.error(), errc::invalid));
}

TEST_CASE_FIXTURE(changing_world, "a derived key has no more rights than its parent") {
  auto parent = make(order("ada")).value();
  auto wants = order("ada", 0, parent.what.id);
  wants.roles = {"admin"};
  CHECK(!make(wants));
  wants = order("ada", 0, parent.what.id);
  wants.groups = {"red", "blue"};
  CHECK(!make(wants));
  wants = order("ben", 0, parent.what.id);
  CHECK(!make(wants));
  // This holds for any record on the topic.
  auto forged = make(order("ada", 0, parent.what.id)).value().what;
  forged.roles = {"admin", "user"};
  std::vector<record> batch;
  batch.push_back(to_record(forged));
  REQUIRE(test::run(queue->produce(std::move(batch))));
  REQUIRE(settle(0));
  CHECK(check(forged.id).rights.roles == std::vector<std::string>{"user"});
}

TEST_CASE_FIXTURE(changing_world, "keys derive from each other down to the maximum depth") {
  bounds.key_depth = 3;
  auto key = make(order("ada")).value();
  for (int i = 0; i < 2; ++i)
    key = make(order("ada", 0, key.what.id)).value();
  CHECK(check(key.what.id).state == model::key_state::valid);
  auto deeper = make(order("ada", 0, key.what.id));
  REQUIRE(!deeper);
  CHECK(is_code(deeper.error(), errc::invalid));
}

TEST_CASE_FIXTURE(changing_world, "expired keys and keys revoked long ago do not count") {
  bounds.keys_per_user = 2;
  auto day = make(order("ada", 1)).value();
  auto other = make(order("ada")).value();
  REQUIRE(revoke(other.what.id));
  CHECK(!make(order("ada")));
  clock.advance(hours(24));
  CHECK(make(order("ada")));
  CHECK(make(order("ada")));
  CHECK(count("ada") == 2);
}

TEST_CASE_FIXTURE(changing_world, "another user's key is not found by a revocation") {
  auto key = make(order("ada")).value();
  auto refused = revoke(key.what.id, "ben");
  REQUIRE(!refused);
  CHECK(is_code(refused.error(), errc::not_found));
  CHECK(revoke(key.what.id, "ada"));
}

}  // namespace sonde::admin
