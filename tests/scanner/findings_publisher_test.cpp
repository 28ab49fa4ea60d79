#include "scanner/scheduler/findings_publisher.hpp"

#include "base/hash.hpp"
#include "model/events.hpp"
#include "queue/errc.hpp"
#include "queue/record_size.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/limits.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace sonde::scanner {
namespace {

using test::task_world;

/// Records the batches. Refuses a batch larger than `most` bytes, and a record of that size.
class small_queue final : public queue::forwarding_backend {
 public:
  small_queue(queue::backend& inner, std::size_t most)
      : forwarding_backend(nullptr), inner_(inner), most_(most) {}

  awaitable<result<std::vector<queue::position>>> produce(std::vector<record> batch) override {
    std::size_t bytes = 0;
    for (const auto& one : batch)
      bytes += queue::size_of(one);
    batches.push_back(bytes);
    if (bytes > most_) co_return fail(queue::errc::too_large);
    if (only_urgent && !batch.front().urgent) co_return fail(queue::errc::no_space);
    if (failures_left > 0) {
      --failures_left;
      co_return fail(queue::errc::busy);
    }
    taken.insert(taken.end(), batch.begin(), batch.end());
    co_return co_await inner_.produce(std::move(batch));
  }

  std::vector<std::size_t> batches;
  std::vector<record> taken;
  int failures_left = 0;
  bool only_urgent = false;  ///< as when the disk is nearly full

 private:
  queue::backend& inner_;
  std::size_t most_;
};

model::endpoint_observation endpoint_saying(std::uint16_t port, std::string banner) {
  model::endpoint_observation out;
  out.address = model::ip_address::parse("203.0.113.1").value();
  out.port = port;
  out.module = "greeting";
  out.raw_banner = out.masked_banner = std::move(banner);
  return out;
}

/// A part of a scan with these ports. Each port has a banner of `bytes` bytes.
model::scan_observation part_with(const std::vector<std::uint16_t>& ports, std::size_t bytes = 10) {
  model::scan_observation out;
  out.target = model::target::parse("203.0.113.1").value();
  model::address_observation address;
  address.address = out.target.address();
  for (auto port : ports) {
    address.endpoints.push_back(
        endpoint_saying(port, std::to_string(port) + " " + std::string(bytes, 'x')));
  }
  out.addresses.push_back(std::move(address));
  return out;
}

std::vector<std::uint16_t> ports_from(std::uint16_t first, std::uint16_t count) {
  std::vector<std::uint16_t> out;
  for (std::uint16_t i = 0; i < count; ++i)
    out.push_back(static_cast<std::uint16_t>(first + i));
  return out;
}

/// A publisher of one task on the loop of a test. The same loop creates its records.
class publisher_fixture {
 public:
  publisher_fixture(task_world& world, executor loop, std::size_t most = 1u << 30)
      : queue(world.queue(), most), stop(loop), group_(loop, world.log(), "test") {
    auto task = test::task_of(test::scan_of("203.0.113.1", "1-65535"));
    publisher_tools tools{loop,   group_,  stop,    loop,         queue,
                          ports_, bounds_, bounds_, world.time(), world.log()};
    tested = std::make_shared<findings_publisher>(std::move(tools), task, [this] { return owned; });
  }

  awaitable<bool> finish() {
    auto last = part_with({});
    bool published = co_await tested->finish(std::move(last));
    co_await group_.join();
    co_return published;
  }

  small_queue queue;
  bool owned = true;
  stop_signal stop;
  std::shared_ptr<findings_publisher> tested;

 private:
  test::limits bounds_;
  known_ports ports_;
  task_group group_;
};

using body_function = std::function<awaitable<void>(task_world&, executor)>;

void with_task_world(body_function body) {
  task_world world;
  auto whole = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    co_await body(world, loop);
  };
  world.run(whole());
}

/// Checks that every association follows both of its ends and that no record is published twice.
void check_publication(const std::vector<record>& taken) {
  std::set<std::string> entities;
  std::set<std::string> all;
  for (const auto& each : taken) {
    CHECK(all.insert(each.topic + each.key).second);
    if (each.topic == model::topics::entities) {
      entities.insert(each.key);
      continue;
    }
    auto edge = model::parse_association(each.value).value();
    CHECK(entities.contains(edge.from_entity.str()));
    CHECK(entities.contains(edge.to_entity.str()));
  }
}

}  // namespace

TEST_CASE("a scan with few results is published at its end, in one batch") {
  with_task_world([](task_world& world, executor loop) -> awaitable<void> {
    publisher_fixture f(world, loop);
    f.tested->take(part_with({22, 80}), nullptr);
    f.tested->take(part_with({443}), nullptr);
    co_await asio::post(loop, asio::use_awaitable);
    CHECK(f.queue.batches.empty());
    bool published = co_await f.finish();
    CHECK(published);
    CHECK(f.queue.batches.size() == 1);
    check_publication(f.queue.taken);
    CHECK(f.tested->results().size() == 3);
    CHECK(f.tested->results_total() == 3);
    CHECK(f.tested->produced().size() == 2);
  });
}

TEST_CASE(
    "a running scan publishes its parts, each record once, entities before their associations") {
  with_task_world([](task_world& world, executor loop) -> awaitable<void> {
    publisher_fixture f(world, loop);
    int published = 0;
    for (std::uint16_t i = 0; i < 5; ++i) {
      auto part = part_with(ports_from(static_cast<std::uint16_t>(1'000 * i + 1), 300));
      f.tested->take(std::move(part), [&published] { ++published; });
    }
    f.tested->take(part_with({9}), nullptr);
    f.tested->take(part_with({9}), nullptr);  // the same part again
    bool well = co_await f.finish();
    CHECK(well);
    CHECK(published == 5);
    CHECK(f.queue.batches.size() > 5);
    check_publication(f.queue.taken);
    CHECK(f.tested->results_total() == 1'502);
    // The position of the last record of each topic.
    for (const auto& place : f.tested->produced()) {
      auto count = std::ranges::count(f.queue.taken, place.topic, &record::topic);
      CHECK(place.offset == count - 1);
    }
  });
}

TEST_CASE("certificates are published wherever their ports are in a large part") {
  with_task_world([](task_world& world, executor loop) -> awaitable<void> {
    publisher_fixture f(world, loop);
    auto part = part_with(ports_from(1, 700));
    for (auto& each : part.addresses[0].endpoints) {
      auto certificate = std::make_shared<model::certificate_observation>();
      certificate->sha256 = to_hex(sha256(std::to_string(each.port)));
      certificate->attributes = {{"sha256", certificate->sha256}};
      each.tls.emplace();
      each.tls->chain = {certificate->sha256};
      part.certificates.push_back(std::move(certificate));
    }
    f.tested->take(std::move(part), nullptr);
    bool published = co_await f.finish();
    CHECK(published);
    auto certificates = std::ranges::count_if(f.queue.taken, [](const record& one) {
      return one.key.starts_with("certificate-") && one.topic == model::topics::entities;
    });
    CHECK(certificates == 700);
    check_publication(f.queue.taken);
  });
}

TEST_CASE("batches have a byte limit as well as a record limit") {
  with_task_world([](task_world& world, executor loop) -> awaitable<void> {
    publisher_fixture f(world, loop);
    f.tested->take(part_with(ports_from(1, 250), 100'000), nullptr);
    bool published = co_await f.finish();
    CHECK(published);
    CHECK(f.queue.batches.size() >= 4);
    for (auto bytes : f.queue.batches)
      CHECK(bytes <= (8u << 20));
    check_publication(f.queue.taken);
  });
}

TEST_CASE("a record that the queue refuses is counted, and its neighbours are published") {
  with_task_world([](task_world& world, executor loop) -> awaitable<void> {
    publisher_fixture f(world, loop, 50'000);
    auto part = part_with(ports_from(1, 100));
    part.addresses[0].endpoints[40].raw_banner = std::string(60'000, 'y');
    f.tested->take(std::move(part), nullptr);
    bool published = co_await f.finish();
    CHECK(published);
    CHECK(f.tested->refused() == 1);
    auto banners = std::ranges::count_if(f.queue.taken, [](const record& one) {
      return one.key.starts_with("banner-") && one.topic == model::topics::entities;
    });
    CHECK(banners == 99);
    CHECK(f.tested->results_total() == 100);
    CHECK(left_out_text({}, f.tested->left_out(), f.tested->refused()) ==
          "; truncated, left out: 1 records that are too large for the queue");
  });
}

TEST_CASE("a transient refusal is retried while the partition is owned and the process runs") {
  with_task_world([](task_world& world, executor loop) -> awaitable<void> {
    publisher_fixture f(world, loop);
    f.queue.failures_left = 2;
    f.tested->take(part_with({22}), nullptr);
    bool published = co_await f.finish();
    CHECK(published);
    CHECK(f.queue.batches.size() == 3);

    publisher_fixture lost(world, loop);
    lost.owned = false;
    bool released = false;
    lost.tested->take(part_with({22}), [&released] { released = true; });
    published = co_await lost.finish();
    CHECK(!published);
    CHECK(released);
    CHECK(lost.queue.batches.empty());

    publisher_fixture stopped(world, loop);
    stopped.stop.request();
    stopped.tested->hurry();
    stopped.queue.failures_left = 1'000'000;
    stopped.tested->take(part_with({22}), nullptr);
    published = co_await stopped.finish();
    CHECK(!published);
    CHECK(stopped.queue.batches.size() == 1);
  });
}

TEST_CASE("a stopping scan does not wait for disk space: its retried records become urgent") {
  with_task_world([](task_world& world, executor loop) -> awaitable<void> {
    publisher_fixture f(world, loop);
    f.queue.only_urgent = true;
    f.tested->take(part_with({22}), [] {});
    while (f.queue.batches.empty())
      co_await asio::post(loop, asio::use_awaitable);
    CHECK(f.queue.taken.empty());
    f.tested->hurry();
    bool published = co_await f.finish();
    CHECK(published);
    CHECK(!f.queue.taken.empty());
  });
}

}  // namespace sonde::scanner
