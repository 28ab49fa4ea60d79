#include "daemon/roles/wait_for.hpp"

#include <boost/asio/use_future.hpp>

#include <future>

namespace sonde::daemon {

result<> call_and_wait(const executor& loop, std::function<result<>()> work) {
  std::packaged_task<result<>()> task(std::move(work));
  auto done = task.get_future();
  asio::post(loop, [task = std::move(task)]() mutable { task(); });
  return done.get();
}

void run_and_wait(const executor& loop, awaitable<void> work) {
  asio::co_spawn(loop, std::move(work), asio::use_future).get();
}

}  // namespace sonde::daemon
