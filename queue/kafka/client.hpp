#pragma once

#include "base/async/asio.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "queue/kafka/handles.hpp"
#include "queue/kafka/standing.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace sonde::queue::kafka {

/// A librdkafka client with its queues. Making it is quick; destroying it may block, for seconds
/// where brokers do not answer, and so happens on a loop that is there for that.
struct connection {
  connection() = default;
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  rd_kafka_t* handle = nullptr;
  queue_ptr events;   ///< records, delivery reports, news of the group
  queue_ptr replies;  ///< of a consumer: commits, errors and log lines, which nobody else waits for
  /// A group's member says goodbye when this is destroyed, and is given up after so long: where
  /// partitions were lost, librdkafka's own closing may never end.
  std::chrono::milliseconds leave_within{0};
};

[[nodiscard]] result<std::unique_ptr<connection>> connect(rd_kafka_type_t type, conf_ptr conf);

/// A connection that wakes its owner on a loop, without a thread and without polling: librdkafka
/// writes to an eventfd when a queue is no longer empty.
///
/// It writes once, and again only after the queue was found empty: whoever is woken polls until
/// there is nothing, or polls again before it waits.
///
/// Lives on one loop. `release` must be called, on that loop, before it is given up.
class client : public std::enable_shared_from_this<client> {
 public:
  client(std::unique_ptr<connection> connection, const executor& loop, standing& standing,
         logger& log);
  ~client();

  /// From now on `woken` is called when there is something to poll, and `replied` with the events
  /// of `replies`. On the loop, or before it runs. Neither may keep this client alive.
  void watch(std::function<void()> woken, std::function<void(rd_kafka_event_t&)> replied);

  [[nodiscard]] rd_kafka_t* handle() const { return connection_->handle; }
  [[nodiscard]] rd_kafka_queue_t* replies() const { return connection_->replies.get(); }

  /// The next event, if there is one. What concerns every client alike has been dealt with.
  [[nodiscard]] event_ptr poll();

  /// Stops watching, and hands over what is to be destroyed elsewhere. Null the second time.
  [[nodiscard]] std::unique_ptr<connection> release();

 private:
  void arm();
  void serve();
  /// A log line, or an error that only needs to be known. False for anything else.
  bool handle_common(rd_kafka_event_t& event);

  std::unique_ptr<connection> connection_;
  asio::posix::stream_descriptor wakeup_;
  standing& standing_;
  logger& log_;
  std::function<void()> woken_;
  std::function<void(rd_kafka_event_t&)> replied_;
};

}  // namespace sonde::queue::kafka
