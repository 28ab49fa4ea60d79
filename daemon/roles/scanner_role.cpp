#include "daemon/roles/scanner_role.hpp"

#include "daemon/descriptors.hpp"
#include "daemon/recog_setting.hpp"
#include "daemon/roles/wait_for.hpp"

#include <algorithm>
#include <thread>

namespace sonde::daemon {
namespace {

scanner::rate_settings rates_of(const configuration& config) {
  return {static_cast<double>(config.scan.rate_per_address),
          static_cast<double>(config.scan.rate_per_network)};
}

}  // namespace

scanner_role::scanner_role(const role_context& context, queue_role& queue, views_role& views,
                           const process_scope& scope)
    : role(context), queue_(queue), views_(views), scope_(scope) {}

result<> scanner_role::start_parts() {
  const auto& config = context_.config;
  auto budget = measure_descriptors(config.limits, context_.http);
  auto threads = config.scan.threads > 0 ? config.scan.threads
                                         : std::max(1U, std::thread::hardware_concurrency());
  auto fingerprints = load_fingerprints(config);
  if (!fingerprints) return fingerprints.error();
  if (*fingerprints) log_fingerprints(context_.log, (*fingerprints)->loaded());
  create_engines(threads, budget.probes, std::move(*fingerprints));
  create_scheduler();
  engines_->start();
  asio::post(loop_.get_executor(), [this] { scheduler_->start(); });
  loop_.start();
  context_.log.info("scanner started", {{"threads", static_cast<std::int64_t>(threads)},
                                        {"descriptors", static_cast<std::int64_t>(budget.limit)},
                                        {"for_probes", static_cast<std::int64_t>(budget.probes)}});
  return {};
}

void scanner_role::create_engines(std::size_t threads, std::size_t descriptors,
                                  std::shared_ptr<const scanner::recog_database> fingerprints) {
  const auto& config = context_.config;
  scanner::engine_settings settings;
  settings.descriptors = descriptors;
  settings.rates = rates_of(config);
  settings.resolvers = config.scan.resolvers;
  settings.user_agent = user_agent(config);
  settings.how_deep = scanner::depth_named(config.scan.depth);
  settings.industrial = config.scan.industrial;
  settings.recog = std::move(fingerprints);
  scanner::engine_context context{config.limits, context_.time, context_.log};
  engines_ = std::make_unique<scanner::engine_pool>(threads, settings, scope_.policy(), context);
}

void scanner_role::create_scheduler() {
  const auto& config = context_.config;
  scanner::scheduler_settings settings;
  settings.process_id = context_.process_id;
  settings.addresses_per_name = config.scan.addresses_per_name;
  scanner::scheduler_context around{
      .loop = loop_.get_executor(),
      .queue = queue_.backend(),
      .view = views_.tasks(),
      .bounds = config.limits,
      .view_bounds = config.limits,
      .time = context_.time,
      .log = context_.log,
      .counts = context_.counts,
      .failed = [this](error why) { context_.failure.set(std::move(why)); }};
  scheduler_ = std::make_unique<scanner::scheduler>(std::move(around), *engines_, scope_.policy(),
                                                    context_.profiles, settings);
}

std::vector<std::pair<std::string, executor>> scanner_role::threads() {
  std::vector<std::pair<std::string, executor>> out;
  out.emplace_back(loop_.name(), loop_.get_executor());
  for (auto& thread : engines_->threads())
    out.push_back(std::move(thread));
  return out;
}

void scanner_role::reload(const reloaded_settings& changed) {
  engines_->set_rates(rates_of(changed.config));
  engines_->set_user_agent(user_agent(changed.config));
}

void scanner_role::set_scope(const process_scope& changed) {
  auto rules = changed.policy();
  engines_->set_policy(rules);
  scheduler_->set_policy(rules);
}

void scanner_role::stop_parts() {
  // If the start failed midway, the parts that exist are stopped in the usual way.
  loop_.start();
  if (scheduler_) {
    auto deadline = context_.time.steady_now() + std::chrono::seconds(context_.config.drain_s);
    run_and_wait(loop_.get_executor(), scheduler_->stop(deadline));
  }
  if (engines_) engines_->stop();
  loop_.join();
}

}  // namespace sonde::daemon
