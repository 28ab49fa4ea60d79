#include "base/async/answering.hpp"

#include "base/async/condition.hpp"

#include <algorithm>
#include <memory>

namespace sonde {
namespace {

/// The responses of the loops. It lives on the caller's loop until the last loop has responded.
struct roll_call {
  roll_call(executor home, std::size_t loops) : news(std::move(home)), answered(loops) {}

  [[nodiscard]] bool complete() const {
    return std::ranges::all_of(answered, [](bool each) { return each; });
  }

  condition news;
  std::vector<bool> answered;
};

}  // namespace

awaitable<std::vector<bool>> answering(std::vector<executor> loops, steady_time deadline) {
  executor home = co_await asio::this_coro::executor;
  auto call = std::make_shared<roll_call>(home, loops.size());
  for (std::size_t i = 0; i < loops.size(); ++i) {
    auto here = [call, i] {
      call->answered[i] = true;
      call->news.notify_all();
    };
    auto there = [home, here] { asio::post(home, here); };
    asio::post(loops[i], std::move(there));
  }
  while (!call->complete()) {
    bool in_time = co_await call->news.wait_until(deadline);
    if (!in_time) break;
  }
  co_return call->answered;
}

}  // namespace sonde
