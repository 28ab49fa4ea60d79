#include "queue/local/local_reader.hpp"

#include "base/async/run_on.hpp"
#include "queue/errc.hpp"

#include <atomic>

namespace sonde::queue::local {
namespace {

/// The state that a reader shares with its calls on the reading loop. It outlives a reader that is
/// destroyed while a call is running.
struct reader_state {
  std::shared_ptr<read_side> side;
  log_cursor cursor;
  std::atomic<bool> closed = false;
};

awaitable<result<std::vector<stored_record>>> read_or_wait(std::shared_ptr<reader_state> state) {
  while (!state->closed && !state->side->closed()) {
    auto records = state->side->read(state->cursor);
    if (!records || !records->empty()) co_return records;
    co_await state->side->wait_for_change(state->cursor);
  }
  co_return fail(errc::closed);
}

class local_reader final : public reader {
 public:
  local_reader(std::shared_ptr<read_side> side, log_cursor from)
      : state_(std::make_shared<reader_state>()) {
    state_->side = std::move(side);
    state_->cursor = std::move(from);
  }
  ~local_reader() override { close(); }

  awaitable<result<std::vector<stored_record>>> read() override {
    auto read_there = [state = state_] { return read_or_wait(state); };
    return run_coroutine_on(state_->side->loop(), std::move(read_there));
  }

  void close() override {
    if (state_->closed.exchange(true)) return;
    asio::post(state_->side->loop(), [side = state_->side] { side->announce_all(); });
  }

 private:
  std::shared_ptr<reader_state> state_;
};

}  // namespace

std::unique_ptr<reader> make_local_reader(std::shared_ptr<read_side> side, log_cursor from) {
  return std::make_unique<local_reader>(std::move(side), std::move(from));
}

}  // namespace sonde::queue::local
