// Behaviour of consumer groups that exists only on Kafka: timeouts, static members, retention.

#include "base/async/task_group.hpp"
#include "tests/kafka/kafka_steps.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <fstream>

namespace sonde {
namespace {

using namespace test;
using queue::backend;
using std::chrono::seconds;

std::vector<record> some(int count) {
  std::vector<record> out;
  for (int i = 0; i < count; ++i)
    out.push_back(make_record("key " + std::to_string(i), std::to_string(i)));
  return out;
}

/// Deletes the records before these offsets, as retention does.
void delete_before(const std::string& topic, const std::vector<queue::position>& places) {
  auto file = broker_folder() + "/delete.json";
  std::ofstream out(file);
  out << R"({"version": 1, "partitions": [)";
  for (std::size_t i = 0; i < places.size(); ++i) {
    out << (i > 0 ? "," : "") << R"({"topic": ")" << topic << R"(", "partition": )"
        << places[i].partition << R"(, "offset": )" << places[i].offset << "}";
  }
  out << "]}" << std::flush;
  run_broker_script("run " + broker_folder() + " org.apache.kafka.tools.DeleteRecordsCommand" +
                    " --bootstrap-server " + *kafka_brokers() + " --offset-json-file " + file);
}

}  // namespace

TEST_CASE("an idle member stays in its group") {
  kafka_topics topics;
  topics.properties["max.poll.interval.ms"] = "6000";
  auto queue = topics.open();
  test::run([](backend& q) -> awaitable<void> {
    logger log;
    auto loop = co_await asio::this_coro::executor;
    auto member = q.join("readers", "log");
    auto owned = co_await wait_for_assignment(*member);
    CHECK(owned.size() == 3);
    task_group others(loop, log, "test");
    bool only_records = false;
    auto wait = [](queue::consumer& m, bool& out) -> awaitable<void> {
      auto next = co_await m.next();
      out = next && std::holds_alternative<std::vector<queue::stored_record>>(*next);
    };
    others.spawn(wait(*member, only_records));
    co_await wait_for(seconds(9));
    auto written = co_await q.produce(some(1));
    CHECK(written);
    co_await others.join();
    CHECK(only_records);
    member->close();
  }(*queue));
  queue->close();
}

TEST_CASE("a static member that returns gets its partitions back, without a rebalance") {
  kafka_topics topics;
  auto first = topics.open("one");
  auto second = topics.open("two");
  std::vector<queue::partition_ref> had;
  auto stays = second->join("readers", "log");
  test::run([](backend& q, queue::consumer& other,
               std::vector<queue::partition_ref>& out) -> awaitable<void> {
    logger log;
    auto loop = co_await asio::this_coro::executor;
    auto member = q.join("readers", "log");
    task_group others(loop, log, "test");
    bool shared = false;
    auto settle = [](queue::consumer& m, bool& done) -> awaitable<void> {
      while (!done) {
        auto owned = co_await wait_for_assignment(m);
        done = owned.size() < 3;
      }
    };
    others.spawn(settle(other, shared));
    while (out.empty() || out.size() == 3)
      out = co_await wait_for_assignment(*member);
    co_await others.join();
    member->close();
  }(*first, *stays, had));
  first->close();
  first = topics.open("one");
  test::run([](backend& q, queue::consumer& other,
               std::vector<queue::partition_ref>& before) -> awaitable<void> {
    logger log;
    auto loop = co_await asio::this_coro::executor;
    task_group others(loop, log, "test");
    bool disturbed = false;
    auto watch = [](queue::consumer& m, bool& out) -> awaitable<void> {
      auto next = co_await m.next();
      out = !next || !std::holds_alternative<std::vector<queue::stored_record>>(*next);
    };
    others.spawn(watch(other, disturbed));
    auto member = q.join("readers", "log");
    auto now = co_await wait_for_assignment(*member);
    CHECK(now == before);
    auto written = co_await q.produce(some(30));
    CHECK(written);
    co_await others.join();
    CHECK(!disturbed);
    member->close();
  }(*first, *stays, had));
  stays->close();
  first->close();
  second->close();
}

TEST_CASE("a member fenced by its namesake loses its partitions, and can rejoin") {
  kafka_topics topics;
  auto first = topics.open("one");
  auto second = topics.open("one");
  test::run([](backend& a, backend& b) -> awaitable<void> {
    auto member = a.join("readers", "log");
    co_await wait_for_assignment(*member);
    auto namesake = b.join("readers", "log");
    auto taken = co_await wait_for_assignment(*namesake);
    CHECK(taken.size() == 3);
    bool lost = false;
    while (!lost) {
      auto next = co_await member->next();
      REQUIRE(next);
      if (auto* gone = std::get_if<queue::revoked>(&*next)) lost = gone->lost;
    }
    CHECK(!a.availability());
    std::vector<queue::position> place{{"log", 0, 1}};
    auto refused = co_await member->commit(place);
    REQUIRE(!refused);
    CHECK(refused.error().code == code(queue::errc::not_owned));
    namesake->close();
    auto again = co_await wait_for_assignment(*member);
    CHECK(again.size() == 3);
    CHECK(a.availability());
    member->close();
  }(*first, *second));
  first->close();
  second->close();
}

TEST_CASE("an offset that is no longer retained is reported, never skipped") {
  kafka_topics topics;
  auto queue = topics.open();
  test::run([](backend& q) -> awaitable<void> {
    co_await q.produce(some(30));
    auto member = q.join("readers", "log");
    co_await wait_for_assignment(*member);
    std::vector<queue::position> early;
    for (std::int32_t p = 0; p < 3; ++p)
      early.push_back({"log", p, 1});
    auto committed = co_await member->commit(early);
    REQUIRE(committed);
    member->close();
  }(*queue));
  auto ends = test::run(queue->ends({"log"})).value();
  delete_before(queue->full_name("log"), ends);
  test::run([](backend& q) -> awaitable<void> {
    std::vector<queue::position> gone;
    for (std::int32_t p = 0; p < 3; ++p)
      gone.push_back({"log", p, 1});
    auto reader = q.read_from({"log"}, gone);
    auto batch = co_await reader->read();
    REQUIRE(!batch);
    CHECK(batch.error().code == code(queue::errc::out_of_range));
    reader->close();
    auto fresh = q.read_from({"log"}, {});
    auto member = q.join("readers", "log");
    co_await wait_for_assignment(*member);
    auto next = co_await member->next();
    REQUIRE(!next);
    CHECK(next.error().code == code(queue::errc::out_of_range));
    member->close();
    std::vector<record> one{make_record("k", "after")};
    co_await q.produce(std::move(one));
    auto got = co_await test::read(*fresh, 1);
    CHECK(got.front().what.value == "after");
  }(*queue));
  queue->close();
}

TEST_CASE("old records are deleted after they have been committed, and not before") {
  kafka_topics topics;
  auto queue = topics.open();
  test::run([](backend& q) -> awaitable<void> {
    std::vector<record> batch;
    for (int i = 0; i < 30; ++i)
      batch.push_back({"work", "k", std::to_string(i), {}});
    co_await q.produce(std::move(batch));
    auto member = q.join("workers", "work");
    co_await wait_for_assignment(*member);
    co_await wait_for(seconds(1));
    std::vector<std::string> topic{"work"};
    auto start = co_await q.starts(topic);
    REQUIRE(start);
    CHECK(start->front().offset == 0);
    std::vector<queue::position> ten{{"work", 0, 10}};
    auto committed = co_await member->commit(ten);
    REQUIRE(committed);
    while (start->front().offset == 0) {
      start = co_await q.starts(topic);
      REQUIRE(start);
    }
    CHECK(start->front().offset == 10);
    member->close();
  }(*queue));
  queue->close();
}

}  // namespace sonde
