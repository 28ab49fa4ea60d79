#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "model/webhook_delivery.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <functional>
#include <set>

namespace sonde::webhook {

/// Reads what a sender needs and does not hold: which messages are still open, and what stands in
/// one of them. Lives on the sender's loop.
class message_log {
 public:
  explicit message_log(queue::backend& queue) : queue_(queue) {}

  using take_function = std::function<void(std::int32_t partition, model::webhook_delivery)>;
  /// Every state in these partitions of `webhook.deliveries`, as they are now, in order.
  awaitable<result<>> replay(std::set<std::int32_t> partitions, take_function take);
  /// The record at a place of `webhook.requests`; `errc::unusable` where it is gone.
  awaitable<result<queue::stored_record>> load(std::int32_t partition, std::int64_t offset);
  /// Ends what is being read. Idempotent.
  void close();

 private:
  class open_reader;

  queue::backend& queue_;
  std::set<queue::reader*> open_;
  bool closed_ = false;
};

}  // namespace sonde::webhook
