// The guarantees that every queue gives, written once and checked against each backend. No test
// assumes one process, one partition, or that a written record is visible immediately.

#include "base/async/task_group.hpp"
#include "base/log.hpp"
#include "queue/partitioner.hpp"
#include "tests/conformance/queue_steps.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sonde {
namespace {

using queue::backend;
using queue::position;
using queue::stored_record;
using namespace test;

}  // namespace

TEST_CASE("a record comes back byte for byte from the partition that its key selects") {
  against_each([](queue_fixture&, backend& queue) {
    std::string bytes;
    for (int c = 0; c < 256; ++c)
      bytes += static_cast<char>(c);
    record sent{"log", "key \xFF", bytes, {{"name", bytes}, {"name", "again"}, {"empty", ""}}};
    record empty{"log", "", "", {}};
    test::run([](backend& q, record first, record second) -> awaitable<void> {
      std::vector<record> batch{first, second};
      auto places = co_await produce(q, std::move(batch));
      REQUIRE(places.size() == 2);
      auto reader = q.read_from({"log"}, {});
      auto got = co_await read(*reader, 2);
      for (const auto& r : got) {
        const auto& want = r.what.key.empty() ? second : first;
        const auto& place = r.what.key.empty() ? places[1] : places[0];
        CHECK(r.what == want);
        CHECK(r.place() == place);
        CHECK(r.partition == queue::partition_of(want.key, partitions));
      }
    }(queue, sent, empty));
  });
}

TEST_CASE("a partition keeps the order in which records were acknowledged") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      for (int i = 0; i < 50; ++i) {
        std::vector<record> one{make_record("log", "same key", std::to_string(i))};
        co_await produce(q, std::move(one));
      }
      auto reader = q.read_from({"log"}, {});
      auto got = co_await read(*reader, 50);
      for (int i = 0; i < 50; ++i) {
        auto at = static_cast<std::size_t>(i);
        CHECK(got[at].what.value == std::to_string(i));
        if (i > 0) CHECK(got[at].offset > got[at - 1].offset);
      }
    }(queue));
  });
}

TEST_CASE("produce_to puts a record into the partition that the caller names") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      for (std::int32_t p = 0; p < partitions; ++p) {
        auto place = co_await q.produce_to(p, make_record("state", "the same key", "x"));
        REQUIRE(place.has_value());
        CHECK(place->partition == p);
        CHECK(place->topic == "state");
      }
    }(queue));
  });
}

TEST_CASE("a reader waits for records that are not written yet, and close ends the wait") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      logger log;
      auto loop = co_await asio::this_coro::executor;
      auto reader = q.read_from({"log"}, {});
      task_group others(loop, log, "test");
      std::vector<stored_record> got;
      bool closed = false;
      auto wait = [](queue::reader& r, std::vector<stored_record>& out,
                     bool& ended) -> awaitable<void> {
        out = co_await read(r, 1);
        auto after = co_await r.read();
        ended = !after && after.error().code == code(queue::errc::closed);
      };
      others.spawn(wait(*reader, got, closed));
      std::vector<record> one{make_record("log", "k", "v")};
      co_await produce(q, std::move(one));
      // A second reader has read the record, so the first reader can read it too.
      auto witness = q.read_from({"log"}, {});
      co_await read(*witness, 1);
      while (got.empty())
        co_await asio::post(loop, asio::use_awaitable);
      CHECK(got.front().what.value == "v");
      reader->close();
      co_await others.join();
      CHECK(closed);
    }(queue));
  });
}

TEST_CASE("a reader starts at the positions that it is given") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      std::vector<record> batch;
      for (int i = 0; i < 10; ++i)
        batch.push_back(make_record("log", "k", std::to_string(i)));
      auto places = co_await produce(q, std::move(batch));
      auto reader = q.read_from({"log"}, {places[7]});
      auto got = co_await read(*reader, 3);
      CHECK(got.front().what.value == "7");
      CHECK(got.back().what.value == "9");
    }(queue));
  });
}

TEST_CASE("the end offsets lie after every acknowledged record") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      auto places = co_await produce(q, numbered("log", 40));
      std::vector<std::string> topics{"log"};
      auto ends = co_await q.ends(topics);
      auto starts = co_await q.starts(topics);
      REQUIRE(ends.has_value());
      REQUIRE(starts.has_value());
      CHECK(ends->size() == partitions);
      for (const auto& place : places) {
        auto end = std::ranges::find(*ends, place.partition, &position::partition);
        auto start = std::ranges::find(*starts, place.partition, &position::partition);
        CHECK(place.offset < end->offset);
        CHECK(place.offset >= start->offset);
      }
    }(queue));
  });
}

TEST_CASE(
    "many concurrent producers lose no record, duplicate no record, and each keeps its order") {
  against_each([](queue_fixture& fixture, backend& opened) {
    constexpr int producers = 64;
    constexpr int each = 100;
    test::run([](backend& q) -> awaitable<void> {
      logger log;
      auto loop = co_await asio::this_coro::executor;
      task_group all(loop, log, "test");
      auto work = [](backend& to, int me) -> awaitable<void> {
        for (int i = 0; i < each; ++i) {
          std::vector<record> one{
              make_record("log", "producer " + std::to_string(me), std::to_string(i))};
          co_await produce(to, std::move(one));
        }
      };
      for (int p = 0; p < producers; ++p)
        all.spawn(work(q, p));
      co_await all.join();
    }(opened));
    auto& queue = fixture.reopen();
    test::run([](backend& q) -> awaitable<void> {
      auto reader = q.read_from({"log"}, {});
      auto got = co_await read(*reader, producers * each);
      CHECK(got.size() == producers * each);
      std::map<std::string, int> next;
      for (const auto& r : got)
        CHECK(r.what.value == std::to_string(next[r.what.key]++));
    }(queue));
  });
}

TEST_CASE("a batch over several topics is acknowledged when all of its records are readable") {
  against_each([](queue_fixture& fixture, backend& opened) {
    test::run([](backend& q) -> awaitable<void> {
      auto batch = numbered("log", 20);
      auto more = numbered("state", 20);
      std::ranges::move(more, std::back_inserter(batch));
      auto places = co_await produce(q, std::move(batch));
      CHECK(places.size() == 40);
      CHECK(places.front().topic == "log");
      CHECK(places.back().topic == "state");
    }(opened));
    auto& queue = fixture.reopen();
    test::run([](backend& q) -> awaitable<void> {
      auto reader = q.read_from({"log", "state"}, {});
      auto got = co_await read(*reader, 40);
      CHECK(values(got).size() == 40);
    }(queue));
  });
}

TEST_CASE("a compacted topic always holds the newest record of each key") {
  against_each([](queue_fixture& fixture, backend& opened) {
    test::run([](backend& q) -> awaitable<void> {
      for (int round = 0; round < 20; ++round) {
        std::vector<record> batch;
        for (int key = 0; key < 10; ++key) {
          batch.push_back(make_record("state", std::to_string(key), std::to_string(round)));
        }
        co_await produce(q, std::move(batch));
      }
    }(opened));
    fixture.tidy();
    auto& queue = fixture.reopen();
    test::run([](backend& q) -> awaitable<void> {
      std::map<std::string, std::string> newest;
      auto reader = q.read_from({"state"}, {});
      while (newest.size() < 10 ||
             !std::ranges::all_of(newest, [](const auto& n) { return n.second == "19"; })) {
        auto batch = co_await reader->read();
        REQUIRE(batch.has_value());
        for (const auto& r : *batch)
          newest[r.what.key] = r.what.value;
      }
    }(queue));
  });
}

TEST_CASE("an unacceptable record is refused with the reason, and none of its batch is kept") {
  against_each([](queue_fixture&, backend& queue) {
    test::run([](backend& q) -> awaitable<void> {
      std::string large(std::size_t{1} << 20U, 'x');
      std::vector<record> batch{make_record("log", "k", "small"),
                                make_record("log", "k", std::move(large))};
      auto refused = co_await q.produce(std::move(batch));
      REQUIRE(!refused.has_value());
      CHECK(refused.error().code == code(queue::errc::too_large));

      std::vector<record> nowhere{make_record("no such topic", "k", "v")};
      auto unknown = co_await q.produce(std::move(nowhere));
      REQUIRE(!unknown.has_value());
      CHECK(unknown.error().code == code(queue::errc::unknown_topic));

      std::vector<record> good{make_record("log", "k", "good")};
      co_await produce(q, std::move(good));
      auto reader = q.read_from({"log"}, {});
      auto got = co_await read(*reader, 1);
      CHECK(got.front().what.value == "good");
    }(queue));
  });
}

}  // namespace sonde
