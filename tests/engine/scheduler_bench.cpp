#include "tests/engine/scheduler_bench.hpp"

#include "model/events.hpp"

namespace sonde::test {
namespace {

scanner::engine_settings engines_of(std::vector<std::string> resolvers) {
  auto out = test_settings();
  out.resolvers = std::move(resolvers);
  return out;
}

scanner::scheduler_settings next_process(std::chrono::milliseconds lease_patience) {
  static int count = 0;
  scanner::scheduler_settings out;
  out.lease_patience = lease_patience;
  out.process_id = "process-" + std::to_string(++count);
  return out;
}

}  // namespace

scheduler_bench::scheduler_bench(executor loop, task_world& world,
                                 std::vector<std::string> resolvers,
                                 std::chrono::milliseconds lease_patience)
    : loop_(loop),
      world_(world),
      engines_(2, engines_of(std::move(resolvers)), test_rules(),
               {world.bounds(), world.time(), world.log()}),
      scheduler_(world.context(loop), engines_, test_rules(), model::profile_book(),
                 next_process(lease_patience)) {
  engines_.start();
  scheduler_.start();
}

loopback_server& scheduler_bench::serve(behaviour how, const std::string& address) {
  servers_.push_back(std::make_unique<loopback_server>(loop_, address, std::move(how)));
  return *servers_.back();
}

awaitable<void> scheduler_bench::stop(int ms) {
  if (std::exchange(stopped_, true)) co_return;
  co_await scheduler_.stop(world_.in(ms));
}

void scheduler_bench::set_rules(const std::shared_ptr<const scanner::policy>& rules) {
  scheduler_.set_policy(rules);
  engines_.set_policy(rules);
}

awaitable<void> scheduler_bench::finish() {
  world_.queue().refuses = {};
  co_await stop();
  for (auto& server : servers_)
    co_await server->stop();
  engines_.stop();
}

void with_scheduler(task_world& world, const std::function<awaitable<void>(scheduler_bench&)>& body,
                    std::vector<std::string> resolvers) {
  auto whole = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scheduler_bench bench(loop, world, resolvers);
    std::exception_ptr thrown;
    try {
      co_await body(bench);
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await bench.finish();
    if (thrown) std::rethrow_exception(thrown);
  };
  world.run(whole());
}

}  // namespace sonde::test
