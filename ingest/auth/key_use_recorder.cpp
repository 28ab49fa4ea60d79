#include "ingest/auth/key_use_recorder.hpp"

#include "ingest/http/durable_write.hpp"
#include "model/events.hpp"

#include <algorithm>
#include <chrono>

namespace sonde::ingest {
namespace {

constexpr std::chrono::seconds pause_between{60};
constexpr std::chrono::seconds patience{2};
/// Maximum number of records of one write; the remaining keys follow with the next one.
constexpr std::size_t most_at_once = 1'000;

}  // namespace

key_use_recorder::key_use_recorder(executor loop, queue::backend& queue,
                                   views::credential_view& credentials, const clock& clock,
                                   logger& log)
    : loop_(loop),
      queue_(queue),
      credentials_(credentials),
      clock_(clock),
      log_(log),
      writes_(loop, log, "uses of keys"),
      work_(loop, log, "uses of keys") {}

void key_use_recorder::start() {
  work_.spawn(record_now_and_then());
}

awaitable<void> key_use_recorder::stop() {
  work_.cancel();
  co_await work_.join();
  co_await record();
  co_await writes_.join();
}

awaitable<void> key_use_recorder::record_now_and_then() {
  asio::steady_timer pause(loop_);
  while (true) {
    pause.expires_after(pause_between);
    co_await pause.async_wait(asio::use_awaitable);
    co_await record();
  }
}

awaitable<void> key_use_recorder::record() {
  if (uses_.empty()) uses_ = credentials_.take_uses();
  while (!uses_.empty()) {
    auto count = std::min(uses_.size(), most_at_once);
    std::vector<sonde::record> batch;
    for (std::size_t i = 0; i < count; ++i)
      batch.push_back(model::to_record(uses_[i]));
    auto until = clock_.steady_now() + patience;
    auto written = co_await write_durably(writes_, queue_, std::move(batch), until);
    if (!written) {
      log_.warning("recording the last use of keys failed",
                   {{"reason", written.error().message()}});
      co_return;
    }
    uses_.erase(uses_.begin(), uses_.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

}  // namespace sonde::ingest
