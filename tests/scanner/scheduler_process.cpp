#include "tests/scanner/scheduler_process.hpp"

#include <exception>

namespace sonde::test {
namespace {

scanner::scheduler_settings settings_of_process(const std::string& name,
                                                std::chrono::milliseconds lease_patience) {
  scanner::scheduler_settings out;
  out.process_id = name;
  out.lease_patience = lease_patience;
  return out;
}

}  // namespace

scheduler_process::scheduler_process(executor loop, task_world& world, const std::string& name,
                                     std::chrono::milliseconds lease_patience)
    : world_(world),
      runner_(loop),
      scheduler_(world.context(loop), runner_, test_rules(), model::profile_book(),
                 settings_of_process(name, lease_patience)) {
  scheduler_.start();
}

awaitable<void> scheduler_process::stop() {
  return scheduler_.stop(world_.in(0));
}

void with_process(task_world& world,
                  const std::function<awaitable<void>(scheduler_process&)>& body) {
  auto whole = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scheduler_process process(loop, world, "process", std::chrono::hours(1));
    std::exception_ptr thrown;
    try {
      co_await body(process);
    } catch (...) {
      thrown = std::current_exception();
    }
    world.queue().refuses = {};
    co_await process.stop();
    if (thrown) std::rethrow_exception(thrown);
  };
  world.run(whole());
}

}  // namespace sonde::test
