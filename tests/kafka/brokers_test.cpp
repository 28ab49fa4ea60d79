// Brokers that pause and die, and how a producer behaves meanwhile.

#include "base/async/task_group.hpp"
#include "tests/kafka/kafka_steps.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <map>
#include <set>

namespace sonde {
namespace {

using namespace test;
using queue::backend;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct tally {
  std::set<std::string> acknowledged;
  int refused = 0;
  bool over = false;
};

/// Runs one of several producers: it repeats no record, and remembers each acknowledgement.
awaitable<void> produce_until_over(backend& queue, std::string name, tally& out) {
  for (int i = 0; !out.over; ++i) {
    auto value = name + "/" + std::to_string(i);
    std::vector<record> one{make_record(name, value)};
    auto written = co_await queue.produce(std::move(one));
    if (written) {
      out.acknowledged.insert(value);
    } else {
      CHECK(written.error().code == code(queue::errc::unavailable));
      ++out.refused;
    }
  }
}

awaitable<void> check_nothing_is_missing(backend& queue, const tally& known) {
  std::set<std::string> missing = known.acknowledged;
  auto reader = queue.read_from({"log"}, {});
  while (!missing.empty()) {
    auto batch = co_await reader->read();
    REQUIRE(batch);
    for (const auto& one : *batch)
      missing.erase(one.what.value);
  }
  reader->close();
}

awaitable<void> through_outage(backend& queue, std::string begin, std::string end) {
  logger log;
  auto loop = co_await asio::this_coro::executor;
  task_group producers(loop, log, "test");
  tally known;
  for (int i = 0; i < 16; ++i)
    producers.spawn(produce_until_over(queue, "producer " + std::to_string(i), known));
  co_await wait_for(seconds(1));
  run_broker_script(begin);
  co_await wait_for(seconds(6));
  CHECK(known.refused > 0);
  CHECK(!queue.availability());
  CHECK(queue.health());
  run_broker_script(end);
  auto before = known.acknowledged.size();
  while (known.acknowledged.size() < before + 100)
    co_await wait_for(milliseconds(50));
  CHECK(queue.availability());
  known.over = true;
  co_await producers.join();
  co_await check_nothing_is_missing(queue, known);
}

}  // namespace

TEST_CASE("no acknowledged record is lost if a broker pauses longer than the produce timeout") {
  kafka_topics topics;
  topics.bounds.produce_timeout_ms = 2000;
  auto queue = topics.open();
  auto folder = broker_folder();
  test::run(through_outage(*queue, "pause " + folder + " 1", "resume " + folder + " 1"));
  queue->close();
}

TEST_CASE("no acknowledged record is lost if a broker is killed and restarted") {
  kafka_topics topics;
  topics.bounds.produce_timeout_ms = 2000;
  auto queue = topics.open();
  auto folder = broker_folder();
  test::run(through_outage(*queue, "kill " + folder + " 1", "start " + folder + " > /dev/null"));
  queue->close();
}

TEST_CASE("unsent records of one partition can be abandoned, and no others are") {
  kafka_topics topics;
  auto queue = topics.open();
  auto folder = broker_folder();
  test::run([](backend& q) -> awaitable<void> {
    std::vector<record> first{make_record("k", "before")};
    co_await q.produce(std::move(first));
  }(*queue));
  run_broker_script("kill " + folder + " 1");
  test::run([](backend& q, std::string cluster) -> awaitable<void> {
    logger log;
    auto loop = co_await asio::this_coro::executor;
    task_group producers(loop, log, "test");
    std::map<std::int32_t, int> refused;
    std::map<std::int32_t, int> durable;
    auto work = [&](std::int32_t partition, int number) -> awaitable<void> {
      auto one = make_record("k", std::to_string(number));
      auto written = co_await q.produce_to(partition, std::move(one));
      if (!written) CHECK(written.error().code == code(queue::errc::not_owned));
      ++(written ? durable : refused)[partition];
    };
    for (int i = 0; i < 30; ++i)
      producers.spawn(work(i % 3, i));
    co_await wait_for(seconds(1));
    q.abandon({"log", 1});
    while (refused[1] < 10)
      co_await wait_for(milliseconds(20));
    CHECK(durable.empty());
    run_broker_script("start " + cluster + " > /dev/null");
    co_await producers.join();
    CHECK(refused.size() == 1);
    CHECK(durable[0] == 10);
    CHECK(durable[2] == 10);
    auto again = co_await q.produce_to(1, make_record("k", "anew"));
    CHECK(again);
  }(*queue, folder));
  queue->close();
}

TEST_CASE("records that wait for a broker are limited; more are refused immediately as busy") {
  kafka_topics topics;
  topics.bounds.produce_timeout_ms = 3000;
  topics.bounds.produce_pending_bytes = 1U << 20U;
  auto queue = topics.open();
  auto folder = broker_folder();
  run_broker_script("pause " + folder + " 1");
  test::run([](backend& q) -> awaitable<void> {
    logger log;
    auto loop = co_await asio::this_coro::executor;
    task_group producers(loop, log, "test");
    int busy = 0;
    int late = 0;
    auto work = [](backend& to, int& told_busy, int& told_late) -> awaitable<void> {
      std::vector<record> one{make_record("k", std::string(10'000, 'x'))};
      auto written = co_await to.produce(std::move(one));
      REQUIRE(!written);
      (written.error().code == code(queue::errc::busy) ? told_busy : told_late) += 1;
    };
    for (int i = 0; i < 200; ++i)
      producers.spawn(work(q, busy, late));
    co_await producers.join();
    CHECK(busy >= 95);
    CHECK(late >= 90);
  }(*queue));
  run_broker_script("resume " + folder + " 1");
  queue->close();
}

}  // namespace sonde
