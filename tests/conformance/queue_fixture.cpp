#include "tests/conformance/queue_fixture.hpp"

#include "base/log.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "queue/kafka/kafka_queue.hpp"
#include "queue/kafka/kafka_topics.hpp"
#include "queue/limits.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/temporary_folder.hpp"

namespace sonde::test {
namespace {

constexpr const char* prefix = "conformance";

/// The common part of the fixtures for the backends that run on one machine.
class local_fixture : public queue_fixture {
 public:
  ~local_fixture() override {
    if (queue_) queue_->close();
  }

  queue::backend& open(std::vector<queue::topic_spec> topics) override {
    topics_ = std::move(topics);
    return start();
  }

  void tidy() override {}

 protected:
  virtual result<std::unique_ptr<queue::backend>> make() = 0;

  queue::backend& start() {
    queue_ = make().value();
    return *queue_;
  }

  std::vector<queue::topic_spec> topics_;
  std::unique_ptr<queue::backend> queue_;
  system_clock clock_;
  queue::limits limits_;
  logger log_{log_level::error};
};

class memory_fixture final : public local_fixture {
 public:
  queue::backend& reopen() override { return *queue_; }
  [[nodiscard]] bool durable() const override { return false; }

 protected:
  result<std::unique_ptr<queue::backend>> make() override {
    return queue::make_memory_queue(topics_, prefix, clock_, limits_, log_);
  }
};

class embedded_fixture final : public local_fixture {
 public:
  queue::backend& reopen() override {
    queue_->close();
    queue_.reset();
    return start();
  }
  [[nodiscard]] bool durable() const override { return true; }

 protected:
  result<std::unique_ptr<queue::backend>> make() override {
    return queue::open_embedded_queue(folder_.path(), topics_, prefix, clock_, limits_, log_);
  }

 private:
  temporary_folder folder_;
};

/// Creates separate topics on a broker that all fixtures share.
class kafka_fixture final : public queue_fixture {
 public:
  explicit kafka_fixture(std::string brokers) {
    settings_.prefix = unique_prefix();
    settings_.properties = {{"bootstrap.servers", std::move(brokers)},
                            {"heartbeat.interval.ms", "300"},
                            {"session.timeout.ms", "6000"}};
  }
  ~kafka_fixture() override {
    if (queue_) queue_->close();
  }

  queue::backend& open(std::vector<queue::topic_spec> topics) override {
    topics_ = std::move(topics);
    queue::create_kafka_topics(settings_, topics_, {}, limits_, log_).value();
    return start();
  }

  queue::backend& reopen() override {
    queue_->close();
    queue_.reset();
    return start();
  }

  void tidy() override {}
  [[nodiscard]] bool durable() const override { return true; }

 private:
  queue::backend& start() {
    queue_ = queue::open_kafka_queue(settings_, topics_, queue::kafka_use::read_and_write, clock_,
                                     limits_, log_)
                 .value();
    return *queue_;
  }

  queue::kafka_settings settings_;
  std::vector<queue::topic_spec> topics_;
  std::unique_ptr<queue::backend> queue_;
  system_clock clock_;
  queue::limits limits_;
  logger log_{log_level::error};
};

}  // namespace

const std::vector<queue_kind>& queue_kinds() {
  static const std::vector<queue_kind> here = {
      {"memory", [] { return std::make_unique<memory_fixture>(); }},
      {"embedded", [] { return std::make_unique<embedded_fixture>(); }},
  };
  // A separate run: it needs a broker and takes longer.
  static const std::vector<queue_kind> on_a_broker = {
      {"kafka", [] { return std::make_unique<kafka_fixture>(*kafka_brokers()); }},
  };
  return kafka_brokers() ? on_a_broker : here;
}

}  // namespace sonde::test
