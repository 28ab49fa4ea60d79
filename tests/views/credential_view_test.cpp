#include "views/credential_view.hpp"

#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/forgetful_queue.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

namespace sonde::views {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct credential_world {
  credential_world() {
    std::vector<queue::topic_spec> topics = {
        {.name = model::topics::credentials, .policy = queue::cleanup::compact}};
    queue = std::make_unique<test::forgetful_queue>(
        queue::make_memory_queue(topics, "test", wall, bounds, log).value());
  }
  ~credential_world() {
    if (view) test::run(run_coroutine_on(loop.get_executor(), [this] { return view->stop(); }));
    loop.join();
    queue->close();
  }

  void start() {
    view = std::make_unique<credential_view>(loop.get_executor(), *queue, bounds, clock, log);
    view->start();
    loop.start();
  }
  model::new_key make(std::byte number, std::string user, std::uint32_t days = 0) {
    model::key_order order;
    order.name = "key of " + user;
    order.user_id = std::move(user);
    order.roles = {"user"};
    order.days = days;
    model::key_bytes bytes{};
    bytes[0] = number;
    return model::make_key(std::move(order), bytes, clock.now());
  }
  void put(record one) {
    std::vector<record> batch;
    batch.push_back(std::move(one));
    REQUIRE(test::run(queue->produce(std::move(batch))));
  }
  void put(const model::credential& key) { put(to_record(key)); }
  bool settle() {
    auto until = std::chrono::steady_clock::now() + seconds(20);
    return test::run(
        run_coroutine_on(loop.get_executor(), [this, until] { return view->catch_up(until); }));
  }
  template <class Ask>
  auto ask(Ask question) {
    return test::run(run_on(loop.get_executor(), [this, question] { return question(*view); }));
  }
  std::optional<model::credential> find(const model::key_id& id) {
    return ask([id](credential_view& keys) {
      const auto* found = keys.find(id.str());
      return found == nullptr ? std::optional<model::credential>() : std::optional(found->what);
    });
  }

  system_clock wall;
  test::manual_clock clock;
  limits bounds;
  logger log{log_level::error};
  std::unique_ptr<test::forgetful_queue> queue;
  event_loop loop{"view"};
  std::unique_ptr<credential_view> view;
};

}  // namespace

TEST_CASE_FIXTURE(credential_world, "the view knows keys written before and after its start") {
  auto first = make(std::byte{1}, "ada");
  put(first.what);
  start();
  auto second = make(std::byte{2}, "ben");
  put(second.what);
  REQUIRE(settle());
  CHECK(find(first.what.id) == first.what);
  CHECK(find(second.what.id) == second.what);
  CHECK(!find(model::key_id("nobody's")));
  auto listed = ask([](credential_view& keys) { return keys.list({}); });
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].what.user_id == "ada");
  CHECK(ask([](credential_view& keys) { return keys.list("ben"); }).size() == 1);
}

TEST_CASE_FIXTURE(credential_world, "a revocation is permanent, whatever record follows it") {
  auto key = make(std::byte{1}, "ada").what;
  auto revoked = key;
  revoked.revoked = clock.now();
  put(key);
  put(revoked);
  put(key);
  start();
  put(key);
  REQUIRE(settle());
  auto found = find(key.id);
  REQUIRE(found);
  CHECK(found->revoked);
  CHECK(found->roles.empty());
  CHECK(found->hash == key.hash);
  CHECK(ask([](credential_view& keys) { return keys.list({}); }).empty());
}

TEST_CASE_FIXTURE(credential_world,
                  "a record under another key's id is skipped, and a key never changes its user") {
  auto key = make(std::byte{1}, "ada").what;
  auto other = to_record(make(std::byte{2}, "ada").what);
  other.key = key.id.str();
  put({model::topics::credentials, "x", "no JSON", {}});
  put({model::topics::credentials, key.id.str(), "", {}});
  put(std::move(other));
  start();
  auto stolen = key;
  stolen.user_id = "ben";
  put(key);
  put(stolen);
  put(key);
  REQUIRE(settle());
  CHECK(find(key.id) == key);
  CHECK(ask([](credential_view& keys) { return keys.count("ada").total; }) == 1);
}

TEST_CASE_FIXTURE(credential_world, "keys count until they expire or their revocation is old") {
  put(make(std::byte{1}, "ada", 1).what);
  auto revoked = make(std::byte{2}, "ada").what;
  revoked.revoked = clock.now();
  put(revoked);
  put(make(std::byte{3}, "ben").what);
  start();
  REQUIRE(settle());
  auto count = [](credential_view& keys) {
    return std::pair(keys.count("ada").total, keys.count("ada").of_user);
  };
  CHECK(ask(count) == std::pair<std::uint64_t, std::uint64_t>(3, 2));
  clock.advance(std::chrono::hours(24));
  CHECK(ask(count) == std::pair<std::uint64_t, std::uint64_t>(1, 0));
}

TEST_CASE_FIXTURE(credential_world, "an expired key is not loaded into memory") {
  auto key = make(std::byte{1}, "ada", 1).what;
  put(key);
  clock.advance(std::chrono::hours(24));
  start();
  REQUIRE(settle());
  CHECK(!find(key.id));
}

TEST_CASE_FIXTURE(credential_world, "the revocation of a parent applies in any order of records") {
  auto parent = make(std::byte{1}, "ada").what;
  auto child = make(std::byte{2}, "ada").what;
  child.parent = parent.id;
  auto revoked = parent;
  revoked.revoked = clock.now();
  auto orphan = make(std::byte{3}, "ada").what;
  orphan.parent = model::key_id("ffffffffffffffffffffffff");
  put(child);
  put(revoked);
  put(orphan);
  start();
  auto late = make(std::byte{4}, "ada").what;
  late.parent = parent.id;
  put(late);
  REQUIRE(settle());
  for (const auto& id : {parent.id, child.id, late.id, orphan.id}) {
    auto state =
        ask([id](credential_view& keys) { return keys.check(*keys.find(id.str())).state; });
    CHECK(state == model::key_state::revoked);
  }
}

TEST_CASE_FIXTURE(credential_world, "one use an hour of each key is due for recording") {
  auto key = make(std::byte{1}, "ada").what;
  put(key);
  start();
  REQUIRE(settle());
  auto use = [&] {
    return ask([id = key.id.str()](credential_view& keys) {
      keys.note_use(id);
      return keys.take_uses();
    });
  };
  auto first = use();
  REQUIRE(first.size() == 1);
  CHECK(first.front().id == key.id);
  clock.advance(std::chrono::minutes(59));
  CHECK(use().empty());
  clock.advance(std::chrono::minutes(1));
  CHECK(use().size() == 1);
}

TEST_CASE_FIXTURE(credential_world,
                  "uses that other processes recorded are known, even if they precede the key") {
  auto ada = make(std::byte{1}, "ada").what;
  auto ben = make(std::byte{2}, "ben").what;
  auto then = clock.now();
  put(ada);
  for (const auto& key : {ada, ben})
    put(to_record(model::key_use{key.id, then}));
  put(ben);
  start();
  REQUIRE(settle());
  for (const auto& key : {ada, ben}) {
    auto known = ask([id = key.id.str()](credential_view& keys) { return *keys.find(id); });
    CHECK(known.what == key);
    CHECK(known.last_used == then);
    auto again = ask([id = key.id.str()](credential_view& keys) {
      keys.note_use(id);
      return keys.take_uses();
    });
    CHECK(again.empty());
  }
}

TEST_CASE_FIXTURE(credential_world, "the last use has a resolution of one minute") {
  auto key = make(std::byte{1}, "ada").what;
  put(key);
  start();
  REQUIRE(settle());
  auto use = [&] {
    return ask([id = key.id.str()](credential_view& keys) {
      keys.note_use(id);
      return keys.find(id)->last_used;
    });
  };
  auto first = use();
  REQUIRE(first);
  clock.advance(seconds(59));
  CHECK(use() == first);
  clock.advance(seconds(1));
  CHECK(use() == *first + seconds(60));
  ask([](credential_view& keys) {
    keys.note_use("nobody's");
    return true;
  });
}

TEST_CASE_FIXTURE(credential_world,
                  "the view is not current before its first catch-up, nor long after its last") {
  queue->forgetful = true;
  put(make(std::byte{1}, "ada").what);
  start();
  auto is_current = [](credential_view& keys) { return keys.current(); };
  CHECK(!settle());
  CHECK(!ask(is_current));
  auto waited = test::run(run_coroutine_on(loop.get_executor(), [this] {
    return view->wait_until_caught_up(std::chrono::steady_clock::now() + milliseconds(20));
  }));
  CHECK(!waited);
  queue->forgetful = false;
  waited = test::run(run_coroutine_on(loop.get_executor(), [this] {
    return view->wait_until_caught_up(std::chrono::steady_clock::now() + seconds(20));
  }));
  CHECK(waited);
  CHECK(ask(is_current));
  queue->forgetful = true;
  clock.advance(milliseconds(bounds.credentials_lag_ms));
  CHECK(ask(is_current));
  clock.advance(milliseconds(1));
  CHECK(!ask(is_current));
}

}  // namespace sonde::views
