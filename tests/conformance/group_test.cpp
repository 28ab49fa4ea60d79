// The guarantees that every queue gives to the members of a consumer group.

#include "base/async/task_group.hpp"
#include "base/log.hpp"
#include "tests/conformance/queue_steps.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <map>
#include <set>

namespace sonde {
namespace {

using queue::backend;
using queue::position;
using queue::stored_record;
using namespace test;

/// A member that takes part in the group until `enough` returns true. It commits every record that
/// it receives.
struct member {
  std::unique_ptr<queue::consumer> consumer;
  std::set<std::int32_t> owned;
  std::multiset<std::string> got;
  bool refused_after_release = false;
};

awaitable<void> follow(member& m) {
  while (true) {
    auto next = co_await m.consumer->next();
    if (!next) co_return;
    if (auto* now = std::get_if<queue::assigned>(&*next)) {
      m.owned.clear();
      for (const auto& p : now->partitions)
        m.owned.insert(p.partition);
    } else if (std::holds_alternative<queue::revoked>(*next)) {
      m.owned.clear();
    } else {
      auto& records = std::get<std::vector<stored_record>>(*next);
      m.got.merge(values(records));
      auto committed = co_await m.consumer->commit(behind(records));
      if (!committed) CHECK(committed.error().code == code(queue::errc::not_owned));
    }
  }
}

awaitable<void> until(std::function<bool()> holds) {
  auto loop = co_await asio::this_coro::executor;
  while (!holds())
    co_await asio::post(loop, asio::use_awaitable);
}

}  // namespace

TEST_CASE("a group never receives a record again after its commit, but another group does") {
  against_each([](queue_fixture& fixture, backend& opened) {
    auto* queue = &opened;
    test::run([](backend& q) -> awaitable<void> {
      co_await produce(q, numbered("log", 30));
      auto first = q.join("readers", "log");
      auto got = co_await consume(*first, 30);
      CHECK(values(got).size() == 30);
      auto committed = co_await first->commit(behind(got));
      REQUIRE(committed);
      first->close();
    }(*queue));
    queue = &fixture.reopen();
    test::run([](backend& q) -> awaitable<void> {
      std::vector<record> one{make_record("log", "k", "new")};
      co_await produce(q, std::move(one));
      auto same = q.join("readers", "log");
      auto got = co_await consume(*same, 1);
      REQUIRE(got.size() == 1);
      CHECK(got.front().what.value == "new");
      same->close();
      auto other = q.join("others", "log");
      auto all = co_await consume(*other, 31);
      CHECK(values(all).size() == 31);
    }(*queue));
  });
}

TEST_CASE("anyone can query the committed offsets of a group") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      std::vector<record> batch;
      for (int i = 0; i < 10; ++i)
        batch.push_back(make_record("log", "k", std::to_string(i)));
      auto places = co_await produce(q, std::move(batch));
      std::vector<std::string> topic{"log"};
      auto starts = co_await q.starts(topic);
      auto before = co_await q.committed("readers", "log");
      REQUIRE(before);
      CHECK(*before == *starts);
      auto member = q.join("readers", "log");
      auto got = co_await consume(*member, 10);
      got.resize(4);
      auto done = co_await member->commit(behind(got));
      REQUIRE(done);
      auto after = co_await q.committed("readers", "log");
      REQUIRE(after);
      REQUIRE(after->size() == static_cast<std::size_t>(partitions));
      for (const auto& each : *after) {
        bool ours = each.partition == got.front().partition;
        auto start = starts->at(static_cast<std::size_t>(each.partition)).offset;
        CHECK(each.offset == (ours ? got.back().offset + 1 : start));
      }
      auto others = co_await q.committed("others", "log");
      CHECK(*others == *starts);
      member->close();
    }(queue));
  });
}

TEST_CASE("records that a member has not committed go to the next member") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      std::vector<record> batch;
      for (int i = 0; i < 10; ++i)
        batch.push_back(make_record("log", "k", std::to_string(i)));
      co_await produce(q, std::move(batch));
      auto first = q.join("readers", "log");
      auto got = co_await consume(*first, 10);
      got.resize(4);
      auto committed = co_await first->commit(behind(got));
      REQUIRE(committed.has_value());
      first->close();
      auto second = q.join("readers", "log");
      auto rest = co_await consume(*second, 6);
      CHECK(rest.front().what.value == "4");
      CHECK(rest.back().what.value == "9");
    }(queue));
  });
}

TEST_CASE("members of a group share the partitions and take over those of a member that leaves") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      logger log;
      auto loop = co_await asio::this_coro::executor;
      task_group loops(loop, log, "test");
      member a{q.join("readers", "log"), {}, {}};
      loops.spawn(follow(a));
      co_await until([&] { return a.owned.size() == partitions; });

      member b{q.join("readers", "log"), {}, {}};
      loops.spawn(follow(b));
      co_await until([&] {
        return !a.owned.empty() && !b.owned.empty() &&
               a.owned.size() + b.owned.size() == partitions;
      });
      for (auto p : a.owned)
        CHECK(!b.owned.contains(p));

      co_await produce(q, numbered("log", 60));
      co_await until([&] { return a.got.size() + b.got.size() >= 60; });
      CHECK(!a.got.empty());
      CHECK(!b.got.empty());

      b.consumer->close();
      co_await until([&] { return a.owned.size() == partitions; });
      a.consumer->close();
      co_await loops.join();
    }(queue));
  });
}

TEST_CASE("a revoked partition accepts commits until the next call of next, and none afterwards") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      logger log;
      auto loop = co_await asio::this_coro::executor;
      co_await produce(q, numbered("log", 30));
      auto first = q.join("readers", "log");
      auto got = co_await consume(*first, 30);

      task_group loops(loop, log, "test");
      member second{q.join("readers", "log"), {}, {}};
      loops.spawn(follow(second));
      std::optional<queue::delivery> news;
      while (!news || !std::holds_alternative<queue::revoked>(*news)) {
        auto next = co_await first->next();
        REQUIRE(next.has_value());
        news = std::move(*next);
      }
      auto in_time = co_await first->commit(behind(got));
      CHECK(in_time);

      // The second member receives no record twice: all records were committed before the handover.
      auto handed_over = co_await first->next();
      REQUIRE(handed_over.has_value());
      co_await until([&] { return !second.owned.empty(); });
      std::vector<position> foreign;
      for (auto p : second.owned)
        foreign.push_back({"log", p, 1});
      auto too_late = co_await first->commit(foreign);
      REQUIRE(!too_late.has_value());
      CHECK(too_late.error().code == code(queue::errc::not_owned));
      CHECK(second.got.empty());
      second.consumer->close();
      co_await loops.join();
    }(queue));
  });
}

}  // namespace sonde
