#include "queue/kafka/kafka_queue.hpp"

#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "base/async/task_group.hpp"
#include "queue/errc.hpp"
#include "queue/kafka/kafka_reader.hpp"
#include "queue/kafka/offset_client.hpp"
#include "queue/kafka/producer.hpp"
#include "queue/kafka/retention.hpp"
#include "queue/kafka/topic_admin.hpp"
#include "queue/record_size.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <future>
#include <mutex>

namespace sonde::queue {
namespace {

using namespace kafka;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The interval of checks of unavailable brokers; needed for a queue that is not in use meanwhile.
constexpr seconds error_pause{1};

class kafka_queue final : public backend {
 public:
  kafka_queue(kafka_settings settings, std::vector<topic_spec> topics, const clock& clock,
              const limits& limits, logger& log)
      : broker_health_(log),
        limits_(limits),
        clock_(clock),
        serving_("kafka"),
        asking_("kafka-ask"),
        closing_("kafka-close"),
        work_(serving_.get_executor(), log, "kafka"),
        around_(std::make_shared<surroundings>(surroundings{
            serving_.get_executor(), asking_.get_executor(),
            [this](std::unique_ptr<connection> which) { close_async(std::move(which)); },
            [this](const std::vector<position>& places) { retention_.note(places); },
            [this](error why) { put_out(std::move(why)); },
            std::make_shared<const topic_names>(std::move(topics), settings.prefix),
            std::move(settings), limits, clock, broker_health_, log})),
        retention_(*around_->names) {}

  ~kafka_queue() override { close(); }

  [[nodiscard]] result<> start(kafka_use use) {
    started_ = true;
    auto opened = connect_and_check();
    if (opened && use == kafka_use::read_and_write) {
      producer_ = std::make_shared<producer>(around_);
      opened = producer_->start();
    }
    if (opened) work_.spawn(look_after_errors());
    if (opened && producer_) work_.spawn(trim());
    for (auto* loop : {&serving_, &asking_, &closing_})
      loop->start();
    return opened;
  }

  awaitable<result<std::vector<position>>> produce(std::vector<record> batch) override {
    std::vector<std::int32_t> partitions;
    partitions.reserve(batch.size());
    for (const auto& one : batch) {
      auto partition = around_->names->route(one);
      if (!partition) co_return partition.error();
      if (auto fits = check_size(one, limits_.record_max_bytes); !fits) co_return fits.error();
      partitions.push_back(*partition);
    }
    if (!producer_) co_return fail(errc::read_only);
    co_return co_await producer_->send(std::move(batch), std::move(partitions));
  }

  awaitable<result<position>> produce_to(std::int32_t partition, record one) override {
    auto spec = around_->names->find(one.topic);
    if (!spec) co_return spec.error();
    if (partition < 0 || partition >= (*spec)->partitions) {
      co_return fail(errc::unknown_topic,
                     fmt::format("topic {} has no partition {}", one.topic, partition));
    }
    if (auto fits = check_size(one, limits_.record_max_bytes); !fits) co_return fits.error();
    if (!producer_) co_return fail(errc::read_only);
    std::vector<record> batch;
    batch.push_back(std::move(one));
    std::vector<std::int32_t> partitions(1, partition);
    auto places = co_await producer_->send(std::move(batch), std::move(partitions));
    if (!places) co_return places.error();
    co_return std::move(places->front());
  }

  void abandon(partition_ref where) override {
    if (!producer_) return;
    asio::post(serving_.get_executor(), [its = producer_, where = std::move(where)] {
      its->abandon(where.topic, where.partition);
    });
  }

  std::unique_ptr<reader> read_from(std::vector<std::string> topics,
                                    std::vector<position> from) override {
    std::map<partition_ref, std::int64_t> next;
    for (const auto& topic : topics) {
      auto spec = around_->names->find(topic).value();
      for (std::int32_t p = 0; p < spec->partitions; ++p)
        next[{topic, p}] = RD_KAFKA_OFFSET_BEGINNING;
    }
    for (const auto& place : from)
      next[{place.topic, place.partition}] = place.offset;
    std::vector<position> places;
    for (const auto& [where, offset] : next)
      places.push_back({where.topic, where.partition, offset});
    std::weak_ptr<closable> made;
    auto out = make_kafka_reader(around_, std::move(places), made);
    remember(std::move(made));
    return out;
  }

  std::unique_ptr<consumer> join(std::string group, std::string topic) override {
    std::weak_ptr<closable> made;
    auto instance = instance_for(group);
    auto out = make_kafka_member(around_, std::move(group), std::move(topic), instance, made);
    remember(std::move(made));
    return out;
  }

  awaitable<result<std::vector<position>>> ends(std::vector<std::string> topics) override {
    return offset_client_->edges(std::move(topics), offset_client::edge::end);
  }

  awaitable<result<std::vector<position>>> starts(std::vector<std::string> topics) override {
    return offset_client_->edges(std::move(topics), offset_client::edge::start);
  }

  awaitable<result<std::vector<position>>> committed(std::string group,
                                                     std::string topic) override {
    auto spec = around_->names->find(topic);
    if (!spec) co_return spec.error();
    std::vector<std::string> one{topic};
    auto places = co_await offset_client_->edges(std::move(one), offset_client::edge::start);
    if (!places) co_return places.error();
    auto look = [ask = offset_client_, group = std::move(group), starts = std::move(*places)] {
      return ask->committed(group, starts);
    };
    co_return co_await run_on(asking_.get_executor(), std::move(look));
  }

  [[nodiscard]] const std::vector<topic_spec>& topics() const override {
    return around_->names->topics();
  }

  [[nodiscard]] std::string full_name(const std::string& topic) const override {
    return around_->names->full_name(topic);
  }

  [[nodiscard]] std::string full_group(const std::string& group) const override {
    return around_->names->full_group(group);
  }

  [[nodiscard]] const std::string& identity() const override { return identity_; }

  /// Always returns success: a new client recovers from every failure of a broker or a client.
  [[nodiscard]] result<> health() const override { return {}; }

  [[nodiscard]] result<> availability() const override {
    std::lock_guard lock(mutex_);
    if (put_out_.code) return put_out_;
    return broker_health_.now();
  }

  void close() override {
    if (!started_ || std::exchange(closed_, true)) return;
    if (producer_) finish_producing();
    // Ends the readers and members that their callers have not closed.
    std::promise<void> ended;
    asio::post(serving_.get_executor(), [&] {
      work_.cancel();
      for (const auto& each : open_) {
        if (auto its = each.lock()) its->end();
      }
      ended.set_value();
    });
    ended.get_future().wait();
    asking_.join();
    if (offset_client_) offset_client_->release();
    asio::post(serving_.get_executor(), [this] {
      if (asking_client_) bury_now(asking_client_->release());
    });
    serving_.join();
    closing_.join();
  }

 private:
  [[nodiscard]] const std::shared_ptr<const topic_names>& names() const { return around_->names; }

  result<> connect_and_check() {
    auto conf = make_conf(client_kind::offset_client, around_->settings, limits_);
    if (!conf) return conf.error();
    auto connected = connect(RD_KAFKA_CONSUMER, std::move(*conf));
    if (!connected) return connected.error();
    auto state = look_at_topics(**connected, *names(), limits_);
    asking_client_ = std::make_shared<client>(std::move(*connected), serving_.get_executor(),
                                              broker_health_, around_->log);
    asking_client_->watch(nullptr, nullptr);
    offset_client_ = std::make_shared<offset_client>(asking_client_, asking_.get_executor(),
                                                     names(), limits_, broker_health_);
    if (!state) return state.error();
    std::vector<kafka_topic_report> reports;
    for (const auto& spec : topics()) {
      reports.push_back(check_topic(spec, state->topics[spec.name], *names(), limits_));
      for (const auto& advice : reports.back().advice) {
        around_->log.warning("topic settings differ from the recommendation",
                             {{"topic", reports.back().full_name}, {"what", advice}});
      }
    }
    // librdkafka 2.0 cannot distinguish a recreated topic from the earlier one.
    identity_ = "kafka:" + state->id + "/" + names()->prefix();
    return refuse_what_is_wrong(reports);
  }

  void finish_producing() {
    std::promise<void> finished;
    auto deadline = clock_.steady_now() + milliseconds(limits_.produce_timeout_ms);
    asio::post(serving_.get_executor(), [this, deadline, &finished] {
      producer_->finish(deadline, [&finished] { finished.set_value(); });
    });
    finished.get_future().wait();
  }

  /// Destroys a connection (`close_async`) after all running calls that use it, on a loop that may
  /// block.
  void close_async(std::unique_ptr<connection> which) {
    std::shared_ptr<connection> last = std::move(which);
    asio::post(asking_.get_executor(), [this, last = std::move(last)]() mutable {
      auto there = [last = std::move(last)]() mutable { last.reset(); };
      asio::post(closing_.get_executor(), std::move(there));
    });
  }

  void bury_now(std::unique_ptr<connection> which) {
    std::shared_ptr<connection> last = std::move(which);
    auto there = [last = std::move(last)]() mutable { last.reset(); };
    asio::post(closing_.get_executor(), std::move(there));
  }

  awaitable<void> look_after_errors() {
    asio::steady_timer pause(serving_.get_executor());
    while (true) {
      pause.expires_after(error_pause);
      co_await pause.async_wait(asio::use_awaitable);
      if (broker_health_.now()) continue;
      auto* producing = producer_ ? producer_->handle() : nullptr;
      auto look = [ask = offset_client_, producing] { ask->look_after_errors(producing); };
      co_await run_on(asking_.get_executor(), std::move(look));
    }
  }

  awaitable<void> trim() {
    asio::steady_timer pause(serving_.get_executor());
    while (true) {
      pause.expires_after(around_->settings.trim_every);
      co_await pause.async_wait(asio::use_awaitable);
      auto places = retention_.take();
      if (places.empty()) continue;
      auto cut = [this, places] {
        return delete_old_records(asking_client_->handle(), *names(), places, clock_.now(),
                                  limits_);
      };
      auto done = co_await run_on(asking_.get_executor(), std::move(cut));
      if (done) continue;
      retention_.note(places);  // next time, unless more has been committed
      around_->log.warning("cannot delete expired requests; keeping them",
                           {{"reason", done.error().message()}});
    }
  }

  /// Records why a member is out of its group. Waiting alone may not repair that, so the queue is
  /// not ready.
  void put_out(error why) {
    std::lock_guard lock(mutex_);
    put_out_ = std::move(why);
  }

  /// Returns the static name of a new member. Members of one group in one process get different
  /// names.
  std::string instance_for(const std::string& group) {
    const auto& own = around_->settings.instance;
    if (own.empty()) return {};
    std::lock_guard lock(mutex_);
    auto number = ++members_[group];
    return number == 1 ? own : fmt::format("{}-{}", own, number);
  }

  void remember(std::weak_ptr<closable> made) {
    asio::post(serving_.get_executor(), [this, made = std::move(made)] {
      std::erase_if(open_, [](const auto& each) { return each.expired(); });
      open_.push_back(made);
    });
  }

  broker_health broker_health_;
  const limits& limits_;
  const clock& clock_;
  std::string identity_;
  event_loop serving_;
  event_loop asking_;
  event_loop closing_;
  task_group work_;
  std::shared_ptr<const surroundings> around_;
  retention retention_;  ///< touched on the serving loop only
  std::shared_ptr<client> asking_client_;
  std::shared_ptr<offset_client> offset_client_;
  std::shared_ptr<producer> producer_;
  std::vector<std::weak_ptr<closable>> open_;  ///< touched on the serving loop only
  mutable std::mutex mutex_;
  error put_out_;
  std::map<std::string, int> members_;
  bool started_ = false;
  bool closed_ = false;
};

}  // namespace

result<std::unique_ptr<backend>> open_kafka_queue(kafka_settings settings,
                                                  std::vector<topic_spec> topics, kafka_use use,
                                                  const clock& clock, const limits& limits,
                                                  logger& log) {
  auto given = settings.properties.find("group.instance.id");
  if (given != settings.properties.end()) settings.instance = given->second;
  auto queue =
      std::make_unique<kafka_queue>(std::move(settings), std::move(topics), clock, limits, log);
  if (auto started = queue->start(use); !started) return started.error();
  return std::unique_ptr<backend>(std::move(queue));
}

}  // namespace sonde::queue
