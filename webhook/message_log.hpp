#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "model/webhook/webhook_delivery.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <functional>
#include <set>

namespace sonde::webhook {

/// Reads the data that a dispatcher (`dispatcher`) needs but does not hold: the open messages, and
/// the content of one message. Lives on the dispatcher's loop.
class message_log {
 public:
  explicit message_log(queue::backend& queue) : queue_(queue) {}

  using take_function = std::function<void(std::int32_t partition, model::webhook_delivery)>;
  /// Passes every current state in these partitions of `webhook.deliveries` to `take`, in order.
  awaitable<result<>> replay(std::set<std::int32_t> partitions, take_function take);
  /// Reads the record at an offset of `webhook.requests`; `errc::unusable` if it does not exist any
  /// more.
  awaitable<result<queue::stored_record>> load(std::int32_t partition, std::int64_t offset);
  /// Cancels all reads. Idempotent.
  void close();

 private:
  class open_reader;

  queue::backend& queue_;
  std::set<queue::reader*> open_;
  bool closed_ = false;
};

}  // namespace sonde::webhook
