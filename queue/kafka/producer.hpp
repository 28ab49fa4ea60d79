#pragma once

#include "base/async/asio.hpp"
#include "base/async/resumption.hpp"
#include "queue/kafka/surroundings.hpp"

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <vector>

namespace sonde::queue::kafka {

/// Sends records and reports when each is stored on all in-sync replicas.
///
/// Uses an idempotent client, so that retries neither duplicate nor reorder records. Such a client
/// can end with a fatal error; with librdkafka 2.0 a timeout is enough. It is then replaced, and
/// all unacknowledged records are sent again in their order; this class keeps every record until it
/// is acknowledged. This may store a record twice. Consumers detect that by the record's id.
///
/// `send` may be called from any thread; everything else lives on one loop.
class producer : public std::enable_shared_from_this<producer> {
 public:
  using places = std::vector<position>;

  explicit producer(std::shared_ptr<const surroundings> around);
  ~producer();

  /// Creates the first client, and makes it find the topics' leaders. Otherwise the first record
  /// would wait up to a second for that. Blocks; called before the loop runs.
  [[nodiscard]] result<> start();

  /// Sends each record to the partition at the same index. Fails with `errc::busy` if too many
  /// bytes are in flight, with `errc::too_large` if these records alone exceed that limit, and with
  /// `errc::unavailable` if the brokers have not acknowledged them in time.
  awaitable<result<places>> send(std::vector<record> records, std::vector<std::int32_t> partitions);

  /// Fails the unsent records of a partition with `errc::not_owned`. Called on the loop.
  void abandon(const std::string& topic, std::int32_t partition);

  /// Waits until no record is in flight, at most until `deadline`, and then refuses the rest. Calls
  /// `then` at the end.
  void finish(steady_time deadline, std::function<void()> then);

  /// Returns the current client, or null. A replaced client is closed asynchronously
  /// (`close_async`), not destroyed at once.
  [[nodiscard]] rd_kafka_t* handle() const { return client_ ? client_->handle() : nullptr; }

  /// Returns how often the client has been replaced.
  [[nodiscard]] std::uint64_t rebuilt() const { return rebuilt_; }

 private:
  struct batch;
  struct message {
    std::shared_ptr<batch> of;
    std::size_t index = 0;
    bool abandoned = false;
    /// The message's own position. librdkafka returns the message's address, which leads to it.
    std::list<message>::iterator place;
  };
  using message_list = std::list<message>;

  [[nodiscard]] result<> make_client();
  void enqueue(std::shared_ptr<batch> sent);
  void hand_over(message_list::iterator which);
  void serve();
  /// Returns false if the client has failed and returns the records that it held.
  bool take_reports(rd_kafka_event_t& event);
  void conclude(message_list::iterator which, result<std::int64_t> offset);
  void refuse_what_is_late();
  void replace(const std::string& why);
  void try_again();
  void finish_if_empty();

  std::shared_ptr<const surroundings> around_;

  std::shared_ptr<client> client_;
  std::map<std::string, topic_ptr> topics_;  ///< of the current client
  message_list unacknowledged_;              ///< in the order of sending
  std::atomic<std::size_t> pending_bytes_ = 0;
  std::atomic<std::uint64_t> rebuilt_ = 0;
  steady_time made_at_{};
  asio::steady_timer retry_;
  asio::steady_timer finishing_;
  std::function<void()> finished_;
  bool ended_ = false;
};

}  // namespace sonde::queue::kafka
