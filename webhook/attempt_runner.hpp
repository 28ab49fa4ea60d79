#pragma once

#include "base/async/asio.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "model/webhook/webhook_guard.hpp"
#include "model/webhook/webhook_keys.hpp"
#include "queue/io.hpp"
#include "webhook/context.hpp"
#include "webhook/delivery.hpp"
#include "webhook/message_log.hpp"
#include "webhook/webhook_client.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sonde::webhook {

/// Resolves a name to all its addresses, or to an error. Runs on the dispatcher's loop.
using name_look_up =
    std::function<awaitable<result<std::vector<model::ip_address>>>(std::string name)>;
/// Sends one POST: `webhook_client::post`. Runs on the dispatcher's loop.
using post_function =
    std::function<awaitable<result<post_answer>>(post_order order, steady_time deadline)>;

/// The parts that an attempt needs to reach a receiver.
struct receiver_access {
  std::shared_ptr<const model::webhook_keys> keys;
  model::webhook_guard guard;
  name_look_up look_up;
  post_function post;
};

/// Runs one attempt to send a message: reads it, decrypts its webhook, looks the receiver up,
/// checks every address, signs the body and posts it.
///
/// Lives on the dispatcher's loop. An attempt ends by `limits.webhook_timeout_ms` after the message
/// is read. Reading is retried until it succeeds or `stop` is requested.
class attempt_runner {
 public:
  attempt_runner(const context& around, receiver_access access, message_log& messages,
                 stop_signal& stop);

  /// Changes the rules for allowed receivers.
  void set_guard(model::webhook_guard guard) { access_.guard = std::move(guard); }
  /// Runs an attempt. Fails with `errc::cancelled` if the process stops first.
  awaitable<attempt_outcome> run(attempt_source source);
  /// Reads a record of `webhook.requests`. Fails with `errc::cancelled` if the process stops first,
  /// and with `errc::unusable` if the record does not exist any more.
  awaitable<result<queue::stored_record>> load(std::int32_t partition, std::int64_t request);
  /// Waits for look-ups that an attempt has abandoned. Call when no attempt runs.
  awaitable<void> join();

 private:
  awaitable<result<model::webhook_message>> message_of(attempt_source source);
  awaitable<result<std::vector<model::ip_address>>> addresses_of(model::target host,
                                                                 steady_time deadline);

  const limits& bounds_;
  const clock& time_;
  logger& log_;
  receiver_access access_;
  message_log& messages_;
  stop_signal& stop_;
  task_group look_ups_;
};

}  // namespace sonde::webhook
