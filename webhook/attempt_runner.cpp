#include "webhook/attempt_runner.hpp"

#include "base/async/deadline.hpp"
#include "base/async/retry.hpp"
#include "webhook/errc.hpp"
#include "webhook/signature.hpp"

#include <chrono>
#include <utility>

namespace sonde::webhook {
namespace {

using std::chrono::milliseconds;

constexpr retry_policy load_retries{milliseconds(500), milliseconds(5'000)};

}  // namespace

attempt_runner::attempt_runner(const context& around, receiver_access access, message_log& messages,
                               stop_signal& stop)
    : bounds_(around.bounds),
      time_(around.time),
      log_(around.log),
      access_(std::move(access)),
      messages_(messages),
      stop_(stop),
      look_ups_(around.loop, around.log, "webhook look-ups") {}

awaitable<void> attempt_runner::join() {
  return look_ups_.join();
}

/// Retries: an unavailable queue is no reason to abandon a message.
awaitable<result<queue::stored_record>> attempt_runner::load(std::int32_t partition,
                                                             std::int64_t request) {
  std::function<awaitable<result<queue::stored_record>>()> read = [this, partition, request] {
    return messages_.load(partition, request);
  };
  auto stored =
      co_await retry(load_retries, stop_, log_, "cannot read a webhook message", std::move(read));
  if (!stored && stop_.requested()) co_return fail(errc::cancelled);
  co_return stored;
}

awaitable<result<model::webhook_message>> attempt_runner::message_of(attempt_source source) {
  if (source.held) co_return *source.held;
  auto stored = co_await load(source.partition, source.request);
  if (!stored) co_return stored.error();
  auto message = model::parse_webhook_message(stored->what.value);
  if (!message) co_return fail(errc::unusable, message.error().message());
  co_return message;
}

awaitable<result<std::vector<model::ip_address>>> attempt_runner::addresses_of(
    model::target host, steady_time deadline) {
  std::vector<model::ip_address> found;
  if (host.is_address()) {
    found.push_back(host.address());
  } else {
    auto work = access_.look_up(host.text());
    auto looked_up = co_await abandon_after(look_ups_, std::move(work), deadline);
    if (!looked_up) co_return fail(errc::timeout, "no name server answered in time");
    if (!*looked_up) co_return fail(errc::no_address, looked_up->error().message());
    found = std::move(**looked_up);
  }
  // One forbidden address forbids all: a legitimate receiver has no such address.
  for (const auto& address : found) {
    if (auto may = access_.guard.check(address, host); !may) {
      co_return fail(errc::forbidden, may.error().message());
    }
  }
  co_return found;
}

awaitable<attempt_outcome> attempt_runner::run(attempt_source source) {
  auto message = co_await message_of(std::move(source));
  if (!message) co_return message.error();
  auto order = access_.keys->open(message->hook);
  if (!order) co_return fail(errc::unusable, order.error().message());
  auto url = model::parse_webhook_url(order->url);
  if (!url) co_return fail(errc::unusable, url.error().message());
  auto deadline = time_.steady_now() + milliseconds(bounds_.webhook_timeout_ms);
  auto addresses = co_await addresses_of(url->host, deadline);
  if (!addresses) co_return addresses.error();
  post_order post;
  post.url = std::move(*url);
  post.addresses = std::move(*addresses);
  post.headers = order->headers;
  auto timestamp = timestamp_of(time_.now());
  auto signature = sign(access_.keys->signing(*order), message->id.str(), timestamp, message->body);
  post.headers.emplace_back("webhook-id", message->id.str());
  post.headers.emplace_back("webhook-timestamp", std::move(timestamp));
  post.headers.emplace_back("webhook-signature", std::move(signature));
  post.body = std::move(message->body);
  auto answer = co_await access_.post(std::move(post), deadline);
  if (!answer) co_return answer.error();
  attempt_response out;
  out.status = answer->status;
  out.retry_after = std::move(answer->retry_after);
  co_return out;
}

}  // namespace sonde::webhook
