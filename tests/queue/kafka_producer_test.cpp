// A producer against librdkafka's mock brokers, which fail on request. They prove nothing about
// real brokers; tests/kafka and the conformance suite cover those.

#include "base/async/event_loop.hpp"
#include "base/async/task_group.hpp"
#include "queue/errc.hpp"
#include "queue/kafka/producer.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <future>
#include <set>

namespace sonde {
namespace {

using queue::kafka::connection;
using queue::kafka::producer;
using queue::kafka::surroundings;

constexpr std::int16_t produce_request = 0;  // Kafka's API key for Produce

/// One mock broker with one topic.
class mock_broker {
 public:
  mock_broker() {
    std::array<char, 256> why{};
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "0", nullptr, 0);
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
    REQUIRE_MESSAGE(handle_ != nullptr, why.data());
    cluster_ = rd_kafka_mock_cluster_new(handle_, 1);
    rd_kafka_mock_topic_create(cluster_, "test.log.v1", 3, 1);
  }
  ~mock_broker() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }
  mock_broker(const mock_broker&) = delete;
  mock_broker& operator=(const mock_broker&) = delete;

  [[nodiscard]] std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void fail_next_produce(rd_kafka_resp_err_t by) {
    rd_kafka_mock_push_request_errors(cluster_, produce_request, 1, by);
  }

 private:
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

/// A producer with the loops that it needs, as `kafka_queue` creates them.
class producer_fixture {
 public:
  explicit producer_fixture(const queue::limits& given = {}) : limits_(given) {
    queue::topic_spec spec;
    spec.name = "log";
    spec.partitions = 3;
    std::vector<queue::topic_spec> topics{spec};
    auto names = std::make_shared<const queue::kafka::topic_names>(topics, "test");
    queue::kafka_settings settings;
    settings.properties = {{"bootstrap.servers", broker.address()}};
    settings.prefix = "test";
    auto close_async = [this](std::unique_ptr<connection> which) {
      std::shared_ptr<connection> last = std::move(which);
      asio::post(closing_.get_executor(), [last]() mutable { last.reset(); });
    };
    auto nothing = [](const auto&) {};
    surroundings around{serving_.get_executor(),
                        serving_.get_executor(),
                        close_async,
                        nothing,
                        nothing,
                        names,
                        settings,
                        limits_,
                        clock_,
                        broker_health_,
                        log_};
    tested = std::make_shared<producer>(std::make_shared<surroundings>(std::move(around)));
    REQUIRE(tested->start());
    serving_.start();
    closing_.start();
  }
  ~producer_fixture() {
    std::promise<void> finished;
    asio::post(serving_.get_executor(), [&] {
      tested->finish(clock_.steady_now() + std::chrono::seconds(5), [&] { finished.set_value(); });
    });
    finished.get_future().wait();
    serving_.join();
    closing_.join();
    tested.reset();  // before the loops that its timers run on
  }

  mock_broker broker;
  std::shared_ptr<producer> tested;

 private:
  queue::limits limits_;
  system_clock clock_;
  logger log_{log_level::error};
  queue::kafka::broker_health broker_health_{log_};
  event_loop serving_{"kafka"};
  event_loop closing_{"kafka-close"};
};

awaitable<result<producer::places>> send(producer& to, int number) {
  std::vector<record> one{{"log", "k", std::to_string(number), {}}};
  std::vector<std::int32_t> partitions(1, number % 3);
  co_return co_await to.send(std::move(one), std::move(partitions));
}

awaitable<void> send_many(producer& to, int count, int& acknowledged) {
  logger log;
  task_group all(co_await asio::this_coro::executor, log, "test");
  auto work = [](producer& p, int number, int& well) -> awaitable<void> {
    auto places = co_await send(p, number);
    if (places) ++well;
  };
  for (int i = 0; i < count; ++i)
    all.spawn(work(to, i, acknowledged));
  co_await all.join();
}

}  // namespace

TEST_CASE(
    "a producer that ends with a fatal error is replaced, and its pending records are sent again") {
  producer_fixture fixture;
  int acknowledged = 0;
  test::run(send_many(*fixture.tested, 10, acknowledged));
  CHECK(acknowledged == 10);
  CHECK(fixture.tested->rebuilt() == 0);
  for (std::uint64_t times = 1; times <= 2; ++times) {
    acknowledged = 0;
    fixture.broker.fail_next_produce(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    test::run(send_many(*fixture.tested, 100, acknowledged));
    CHECK(acknowledged == 100);
    CHECK(fixture.tested->rebuilt() == times);
  }
}

TEST_CASE("a record that a broker refuses fails with the broker's reason") {
  producer_fixture fixture;
  fixture.broker.fail_next_produce(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  auto refused = test::run(send(*fixture.tested, 1));
  REQUIRE(!refused);
  CHECK(refused.error().code == make_error_code(queue::errc::unavailable));
  CHECK(refused.error().message().find("authorization") != std::string::npos);
  CHECK(fixture.tested->rebuilt() == 0);
}

TEST_CASE("a batch larger than the pending limit is refused permanently, not as busy") {
  queue::limits bounds;
  bounds.produce_pending_bytes = 1u << 20;
  producer_fixture fixture(bounds);
  auto send_batch = [&](std::size_t records) {
    std::vector<record> batch(records, {"log", "k", std::string(100'000, 'x'), {}});
    std::vector<std::int32_t> partitions(records, 0);
    return test::run(fixture.tested->send(std::move(batch), std::move(partitions)));
  };
  auto refused = send_batch(11);
  REQUIRE(!refused);
  CHECK(refused.error().code == make_error_code(queue::errc::too_large));
  CHECK(!refused.error().is_transient());
  CHECK(send_batch(9).has_value());
}

}  // namespace sonde
