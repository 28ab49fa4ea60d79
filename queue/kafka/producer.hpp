#pragma once

#include "base/async/asio.hpp"
#include "base/async/resumption.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/kafka_settings.hpp"
#include "queue/kafka/topic_names.hpp"

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <vector>

namespace sonde::queue::kafka {

/// Sends records and says when each is on all in-sync replicas.
///
/// An idempotent client, so that retries neither double records nor change their order. Such a
/// client can end by a fatal error, with librdkafka 2.0 after a mere time-out. Then it is replaced,
/// and what was not acknowledged is sent once more, in its order: everything is kept here until it
/// has been. That may put a record there twice, which those who read know by its id.
///
/// `send` comes from any thread; everything else lives on one loop.
class producer : public std::enable_shared_from_this<producer> {
 public:
  using places = std::vector<position>;
  /// Takes a connection that may block while it is destroyed.
  using undertaker = std::function<void(std::unique_ptr<connection>)>;

  producer(executor loop, undertaker bury, std::shared_ptr<const topic_names> names,
           const kafka_settings& settings, const clock& clock, const limits& limits,
           standing& standing, logger& log);
  ~producer();

  /// Makes the first client, and lets it find the topics' leaders, which takes up to a second when
  /// a record has to wait for it. Blocks; before the loop runs.
  [[nodiscard]] result<> start();

  /// Sends each record to the partition beside it. `errc::busy` where too much is on its way,
  /// `errc::too_large` where these records alone are more than may be,
  /// `errc::unavailable` where the brokers have not acknowledged it in time.
  awaitable<result<places>> send(std::vector<record> records, std::vector<std::int32_t> partitions);

  /// Refuses what is still here for a partition, as `errc::not_owned`. On the loop.
  void abandon(const std::string& topic, std::int32_t partition);

  /// Waits until nothing is on its way, at most until `deadline`; then refuses. `then` is called.
  void finish(steady_time deadline, std::function<void()> then);

  /// The client of this moment, if there is one; it is buried, not destroyed, when it is replaced.
  [[nodiscard]] rd_kafka_t* handle() const { return client_ ? client_->handle() : nullptr; }

  /// How often the client has been replaced.
  [[nodiscard]] std::uint64_t rebuilt() const { return rebuilt_; }

 private:
  struct batch;
  struct message {
    std::shared_ptr<batch> of;
    std::size_t index = 0;
    bool abandoned = false;
    std::list<message>::iterator place;  ///< its own: what librdkafka gives back is its address
  };
  using message_list = std::list<message>;

  [[nodiscard]] result<> make_client();
  void enqueue(std::shared_ptr<batch> sent);
  void hand_over(message_list::iterator which);
  void serve();
  /// False where the client has failed and gives back what it was given.
  bool take_reports(rd_kafka_event_t& event);
  void conclude(message_list::iterator which, result<std::int64_t> offset);
  void refuse_what_is_late();
  void replace(const std::string& why);
  void try_again();
  void finish_if_empty();

  executor loop_;
  undertaker bury_;
  std::shared_ptr<const topic_names> names_;
  kafka_settings settings_;
  const clock& clock_;
  const limits& limits_;
  standing& standing_;
  logger& log_;

  std::shared_ptr<client> client_;
  std::map<std::string, topic_ptr> topics_;  ///< of this client
  message_list unacknowledged_;              ///< in the order in which they were sent
  std::atomic<std::size_t> pending_bytes_ = 0;
  std::atomic<std::uint64_t> rebuilt_ = 0;
  steady_time made_at_{};
  asio::steady_timer retry_;
  asio::steady_timer finishing_;
  std::function<void()> finished_;
  bool ended_ = false;
};

}  // namespace sonde::queue::kafka
