#include "scanner/engine/engine_pool.hpp"

#include "base/async/run_on.hpp"

#include <functional>

namespace sonde::scanner {

engine_pool::engine_pool(std::size_t threads, engine_settings settings,
                         std::shared_ptr<const policy> rules, const engine_context& context) {
  settings.descriptors /= threads;
  for (std::size_t i = 0; i < threads; ++i) {
    member one;
    one.loop = std::make_unique<event_loop>("scan-" + std::to_string(i));
    one.probes = std::make_unique<engine>(one.loop->get_executor(), settings, rules, context);
    members_.push_back(std::move(one));
  }
}

engine_pool::~engine_pool() {
  stop();
}

void engine_pool::start() {
  started_ = true;
  for (auto& each : members_) {
    asio::post(each.loop->get_executor(), [probes = each.probes.get()] { probes->start(); });
    each.loop->start();
  }
}

void engine_pool::stop() {
  if (!started_) return;
  started_ = false;
  for (auto& each : members_) {
    auto ended = [](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
    };
    asio::co_spawn(each.loop->get_executor(), each.probes->stop(), ended);
  }
  for (auto& each : members_)
    each.loop->join();
}

std::vector<std::pair<std::string, executor>> engine_pool::threads() {
  std::vector<std::pair<std::string, executor>> out;
  for (auto& each : members_)
    out.emplace_back(each.loop->name(), each.loop->get_executor());
  return out;
}

engine& engine_pool::for_address(const model::ip_address& address) {
  auto place = std::hash<std::string>{}(rate_network(address).text()) % members_.size();
  return *members_[place].probes;
}

engine& engine_pool::for_name(const std::string& name) {
  return *members_[std::hash<std::string>{}(name) % members_.size()].probes;
}

awaitable<result<std::vector<model::ip_address>>> engine_pool::resolve(std::string name) {
  auto& engine = for_name(name);
  auto there = [&engine, name] { return engine.resolve(name); };
  return run_coroutine_on(engine.loop(), std::move(there));
}

awaitable<address_report> engine_pool::scan(address_job job) {
  auto& engine = for_address(job.address);
  auto shared = std::make_shared<address_job>(std::move(job));
  auto there = [&engine, shared] { return engine.scan(std::move(*shared)); };
  return run_coroutine_on(engine.loop(), std::move(there));
}

executor engine_pool::helper_for(const model::target_key& key) {
  return for_name(key.str()).loop();
}

void engine_pool::cancel(const model::task_id& task) {
  for (auto& each : members_) {
    asio::post(each.loop->get_executor(),
               [probes = each.probes.get(), task] { probes->cancel(task); });
  }
}

void engine_pool::set_policy(std::shared_ptr<const policy> rules) {
  for (auto& each : members_) {
    asio::post(each.loop->get_executor(),
               [probes = each.probes.get(), rules] { probes->set_policy(rules); });
  }
}

void engine_pool::set_rates(const rate_settings& rates) {
  for (auto& each : members_) {
    asio::post(each.loop->get_executor(),
               [probes = each.probes.get(), rates] { probes->set_rates(rates); });
  }
}

void engine_pool::set_user_agent(const std::string& user_agent) {
  for (auto& each : members_) {
    asio::post(each.loop->get_executor(),
               [probes = each.probes.get(), user_agent] { probes->set_user_agent(user_agent); });
  }
}

void engine_pool::share_rates(std::size_t processes) {
  for (auto& each : members_) {
    asio::post(each.loop->get_executor(),
               [probes = each.probes.get(), processes] { probes->share_rates(processes); });
  }
}

}  // namespace sonde::scanner
