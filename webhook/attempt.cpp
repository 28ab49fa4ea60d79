// The sender's way out: one message, one try, and what becomes of it.

#include "base/async/deadline.hpp"
#include "model/dead_letter.hpp"
#include "model/events.hpp"
#include "model/text.hpp"
#include "webhook/errc.hpp"
#include "webhook/sender.hpp"
#include "webhook/signature.hpp"

#include <algorithm>

namespace sonde::webhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr retry_policy load_retries{milliseconds(500), milliseconds(5'000)};
constexpr std::size_t shown_reason_bytes = 300;
/// Half of the time for which `webhook.requests` is kept: what is older than this may be gone when
/// it is due.
constexpr std::chrono::hours longest_life{7 * 24};

bool is_code(const error& why, errc code) {
  return why.code == make_error_code(code);
}

/// What the answer says, as a success or as the reason why it is none.
result<post_answer> judge(post_answer answer) {
  if (answer.status / 100 == 2 || answer.status == 410) return answer;
  auto why = "the receiver answered " + std::to_string(answer.status);
  if (answer.status / 100 == 3) why += ", and redirects are not followed";
  return fail(errc::refused, why);
}

/// Whether others that wait for the same receiver had better wait too.
bool works(const result<post_answer>& how, unsigned status) {
  if (how) return true;
  return is_code(how.error(), errc::refused) && status / 100 != 5 && status != 429 && status != 408;
}

}  // namespace

awaitable<void> sender::dispatch() {
  while (!stop_.requested()) {
    while (auto next = board_.take(clock_.now()))
      tries_.spawn(attempt(std::move(*next)));
    auto due = board_.next_due();
    if (due) {
      auto away = std::max(milliseconds(1), *due - clock_.now());
      co_await news_.wait_until(clock_.steady_now() + away);
    } else {
      co_await news_.wait();
    }
  }
}

awaitable<void> sender::attempt(open_delivery one) {
  auto begun = clock_.steady_now();
  auto how = co_await try_once(one);
  std::chrono::duration<double> took = clock_.steady_now() - begun;
  try_time_.observe(took.count());
  co_await settle(std::move(one), std::move(how));
  landed_.notify_all();
  news_.notify_all();
  show();
}

/// A queue that does not answer is no reason to give a message up.
awaitable<result<queue::stored_record>> sender::load(open_delivery one) {
  std::function<awaitable<result<queue::stored_record>>()> read = [this, partition = one.partition,
                                                                   request = one.state.request] {
    return messages_.load(partition, request);
  };
  auto stored = co_await retry(load_retries, stop_, log_, "a message for a webhook cannot be read",
                               std::move(read));
  if (!stored && stop_.requested()) co_return fail(errc::cancelled);
  co_return stored;
}

awaitable<result<model::webhook_message>> sender::message_of(open_delivery one) {
  if (one.held) co_return *one.held;
  auto stored = co_await load(std::move(one));
  if (!stored) co_return stored.error();
  auto message = model::parse_webhook_message(stored->what.value);
  if (!message) co_return fail(errc::unusable, message.error().message());
  co_return message;
}

awaitable<result<std::vector<model::ip_address>>> sender::addresses_of(model::target host,
                                                                       steady_time deadline) {
  std::vector<model::ip_address> found;
  if (host.is_address()) {
    found.push_back(host.address());
  } else {
    auto work = look_up_(host.text());
    auto looked_up = co_await abandon_after(look_ups_, std::move(work), deadline);
    if (!looked_up) co_return fail(errc::timeout, "no name server answered in time");
    if (!*looked_up) co_return fail(errc::no_address, looked_up->error().message());
    found = std::move(**looked_up);
  }
  // One that may not be called spoils the others: a receiver has no such address.
  for (const auto& address : found) {
    if (auto may = guard_.judge(address, host); !may) {
      co_return fail(errc::forbidden, may.error().message());
    }
  }
  co_return found;
}

awaitable<result<post_answer>> sender::try_once(open_delivery one) {
  auto message = co_await message_of(one);
  if (!message) co_return message.error();
  auto order = keys_->open(message->hook);
  if (!order) co_return fail(errc::unusable, order.error().message());
  auto url = model::parse_webhook_url(order->url);
  if (!url) co_return fail(errc::unusable, url.error().message());
  auto deadline = clock_.steady_now() + milliseconds(limits_.webhook_timeout_ms);
  auto addresses = co_await addresses_of(url->host, deadline);
  if (!addresses) co_return addresses.error();
  post_order post;
  post.url = std::move(*url);
  post.addresses = std::move(*addresses);
  post.headers = order->headers;
  auto timestamp = timestamp_of(clock_.now());
  auto signature = sign(keys_->signing(*order), message->id.str(), timestamp, message->body);
  post.headers.emplace_back("webhook-id", message->id.str());
  post.headers.emplace_back("webhook-timestamp", std::move(timestamp));
  post.headers.emplace_back("webhook-signature", std::move(signature));
  post.body = std::move(message->body);
  co_return co_await post_.post(std::move(post), deadline);
}

/// What is written of a try: the state, and before it the dead letter, where what it is made from
/// is still there. Nothing: this process is to stop first.
awaitable<std::vector<record>> sender::records_of(open_delivery one) {
  std::vector<record> out;
  if (one.state.state == model::delivery_state::dead) {
    auto stored = co_await load(one);
    if (!stored && is_code(stored.error(), errc::cancelled)) co_return out;
    if (stored) {
      model::record_place from{stored->what.topic, stored->partition, stored->offset};
      out.push_back(model::to_dead_letter(std::move(stored->what), std::move(from), "send",
                                          one.state.reason, limits_.record_max_bytes));
    }
  }
  out.push_back(to_record(one.state, clock_.now()));
  co_return out;
}

/// The receiver is named by its host only: a URL may be a secret.
void sender::tell(const model::webhook_delivery& state, const std::string& result) {
  counts_.count("sonde_webhook_tries_total", "Tries to send a message.", {{"result", result}})
      .add();
  if (state.reason.empty()) {
    log_.debug("a webhook was sent", {{"id", state.id.str()}, {"endpoint", state.endpoint}});
    return;
  }
  auto next = state.next_try ? to_rfc3339(*state.next_try) : std::string("never");
  log_.warning("a webhook could not be sent", {{"id", state.id.str()},
                                               {"endpoint", state.endpoint},
                                               {"attempt", std::int64_t{state.attempts}},
                                               {"reason", state.reason},
                                               {"next_try", next}});
}

awaitable<void> sender::settle(open_delivery one, result<post_answer> how) {
  if (!how && is_code(how.error(), errc::cancelled)) co_return;
  auto& state = one.state;
  auto now = clock_.now();
  ++state.attempts;
  state.last_try = now;
  state.next_try.reset();
  state.status = how ? how->status : 0;
  std::optional<seconds> put_off;
  if (how) {
    seconds most(limits_.webhook_retry_after_s);
    put_off = parse_retry_after(how->retry_after, now, most);
    how = judge(std::move(*how));
  }
  state.reason = how ? std::string() : model::first_line(how.error().message(), shown_reason_bytes);
  if (how) {
    state.state =
        state.status == 410 ? model::delivery_state::gone : model::delivery_state::delivered;
  } else if (!is_code(how.error(), errc::unusable) && now - state.created < longest_life) {
    state.next_try = plan_.next_try(state.id, state.attempts, now, put_off);
  }
  bool over = how || !state.next_try;
  if (!how && over) state.state = model::delivery_state::dead;
  tell(state, how ? std::string(name_of(state.state)) : how.error().code.message());
  one.held.reset();
  bool written = owned_.contains(one.partition);
  if (written) {
    auto batch = co_await records_of(one);
    written = !batch.empty();
    if (written) written = co_await publish(std::move(batch));
  }
  bool receiver_works = works(how, state.status);
  if (!over && written) {
    board_.put_back(std::move(one), receiver_works);
    co_return;
  }
  board_.finish(one, receiver_works);
  if (over && written) end(one.state);
}

}  // namespace sonde::webhook
