// Where the parts meet: the only file that knows which implementation stands behind an interface.

#include "base/hash.hpp"
#include "daemon/descriptors.hpp"
#include "daemon/local_api.hpp"
#include "daemon/node.hpp"
#include "daemon/topics.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "queue/memory/memory_queue.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>
#include <sys/random.h>
#include <thread>

namespace sonde::daemon {
namespace {

using std::chrono::seconds;

constexpr std::int32_t embedded_partitions = 1;
/// For requests under way when the server stops.
constexpr seconds http_drain{5};

std::string random_id() {
  std::array<std::byte, 8> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("the kernel gives no random bytes");
  }
  return to_hex(bytes);
}

/// Runs a coroutine on a loop and waits for it, on a thread that has no loop.
void run_and_wait(const executor& loop, awaitable<void> work) {
  asio::co_spawn(loop, std::move(work), asio::use_future).get();
}

std::string user_agent(const configuration& config) {
  std::string out = "Sonde/" SONDE_VERSION;
  if (!config.scan.contact.empty()) out += " (" + config.scan.contact + ")";
  return out;
}

std::shared_ptr<const scanner::policy> make_policy(const model::address_scope& scope) {
  return std::make_shared<scanner::policy>(scope, scanner::own_addresses());
}

}  // namespace

result<std::unique_ptr<queue::backend>> open_queue(const configuration& config, const clock& clock,
                                                   logger& log) {
  auto topics = all_topics(embedded_partitions);
  if (config.queue.backend == "memory") {
    return queue::make_memory_queue(std::move(topics), config.queue.prefix, clock, config.limits,
                                    log);
  }
  return queue::open_embedded_queue(config.data_dir, std::move(topics), config.queue.prefix, clock,
                                    config.limits, log);
}

result<std::unique_ptr<queue::backend>> open_queue_for_reading(const configuration& config,
                                                               const clock& clock, logger& log) {
  return queue::open_embedded_queue_for_reading(config.data_dir, all_topics(embedded_partitions),
                                                config.queue.prefix, clock, config.limits, log);
}

node::node(configuration config, std::unique_ptr<queue::backend> queue,
           std::optional<std::filesystem::path> view_folder, const clock& clock, logger& log)
    : config_(std::move(config)),
      queue_(std::move(queue)),
      view_folder_(std::move(view_folder)),
      clock_(clock),
      log_(log),
      process_id_(random_id()) {}

node::~node() {
  stop();
}

bool node::has_role(const char* role) const {
  return std::ranges::find(config_.roles, role) != config_.roles.end();
}

result<> node::start() {
  running_ = true;
  auto profiles = model::profile_book::with(config_.scan.profiles);
  if (!profiles) return profiles.error();
  profiles_ = std::move(*profiles);
  if (auto started = start_views(); !started) return started;
  // First what may fail, as when the port is taken: who scans takes the work from others.
  if (has_role("ingest") || has_role("view")) {
    if (auto started = start_ingest(); !started) return started;
  }
  if (has_role("scanner")) {
    if (auto started = start_scanner(); !started) return started;
  }
  return {};
}

result<> node::start_views() {
  auto file = [this](const char* name) -> std::optional<std::filesystem::path> {
    if (!view_folder_) return std::nullopt;
    return *view_folder_ / name;
  };
  auto tasks = views::open_task_view(task_view_loop_.get_executor(), *queue_, file("tasks.db"),
                                     config_.limits, log_);
  if (!tasks) return tasks.error();
  tasks_ = std::move(*tasks);
  auto entities =
      views::open_entity_view(entity_view_loop_.get_executor(), *queue_, file("entities.db"), log_);
  if (!entities) return entities.error();
  entities_ = std::move(*entities);
  task_view_loop_.start();
  entity_view_loop_.start();
  return {};
}

result<> node::start_scanner() {
  auto scope = model::address_scope::from_rules(config_.scope);
  if (!scope) return scope.error();
  auto rules = make_policy(*scope);
  auto budget = measure_descriptors(config_.limits, http_wanted_ && has_role("ingest"));
  auto threads = config_.scan.threads > 0 ? config_.scan.threads
                                          : std::max(1U, std::thread::hardware_concurrency());
  scanner::engine_settings settings;
  settings.descriptors = budget.probes;
  settings.rates = {static_cast<double>(config_.scan.rate_per_address),
                    static_cast<double>(config_.scan.rate_per_network)};
  settings.resolvers = config_.scan.resolvers;
  settings.user_agent = user_agent(config_);
  engines_ = std::make_unique<scanner::engine_pool>(threads, settings, rules, config_.limits,
                                                    clock_, log_);
  scheduler_ = std::make_unique<scanner::scheduler>(
      scheduler_loop_.get_executor(), *queue_, *tasks_, *engines_, rules, profiles_,
      scanner::scheduler_settings{process_id_, config_.scan.addresses_per_name}, config_.limits,
      clock_, log_);
  engines_->start();
  asio::post(scheduler_loop_.get_executor(), [this] { scheduler_->start(); });
  scheduler_loop_.start();
  log_.info("scanner started", {{"threads", static_cast<std::int64_t>(threads)},
                                {"descriptors", static_cast<std::int64_t>(budget.limit)},
                                {"for_probes", static_cast<std::int64_t>(budget.probes)}});
  return {};
}

result<> node::start_ingest() {
  auto scope = model::address_scope::from_rules(config_.scope);
  if (!scope) return scope.error();
  scans_ = std::make_unique<ingest::scan_service>(
      http_loop_.get_executor(), *queue_, *tasks_, *entities_, profiles_,
      std::make_shared<model::address_scope>(std::move(*scope)), config_.limits, clock_, log_);
  if (http_wanted_) {
    ingest::add_scan_routes(router_, *scans_, config_.limits);
    ingest::add_health_routes(router_, [this] { return what_is_not_ready(); });
    auto handle = [this](ingest::http_request request) {
      return router_.handle(std::move(request));
    };
    http_ = std::make_unique<ingest::http_server>(http_loop_.get_executor(), std::move(handle),
                                                  config_.limits, log_, process_id_);
    auto where = parse_listen(config_.http.listen);
    if (!where) return where.error();
    if (auto bound = http_->listen(where->first, where->second); !bound) return bound;
    http_->start();
  }
  http_loop_.start();
  return {};
}

std::string node::endpoint() const {
  return http_ ? http_->endpoint() : std::string();
}

std::unique_ptr<client::scan_api> node::local_api() {
  return make_local_api(http_loop_.get_executor(), *scans_, process_id_);
}

awaitable<std::vector<std::string>> node::what_is_not_ready() {
  std::vector<std::string> out;
  if (auto well = queue_->health(); !well) out.push_back(well.error().message());
  bool tasks = co_await tasks_->ready();
  if (!tasks) out.emplace_back("the task view has not caught up with its topics yet");
  bool entities = co_await entities_->ready();
  if (!entities) out.emplace_back("the entity view has not caught up with its topics yet");
  co_return out;
}

result<> node::reload(const configuration& changed) {
  auto scope = model::address_scope::from_rules(changed.scope);
  if (!scope) return scope.error();
  log_.set_level(level_of(changed));
  auto rules = make_policy(*scope);
  if (engines_) engines_->set_policy(rules);
  if (scheduler_) scheduler_->set_policy(rules);
  auto shared = std::make_shared<const model::address_scope>(std::move(*scope));
  if (scans_) {
    asio::post(http_loop_.get_executor(), [this, shared] { scans_->set_scope(shared); });
  }
  return {};
}

void node::stop() {
  if (!running_) return;
  running_ = false;
  // Where starting has failed half way, what was made is taken down like the rest.
  for (auto* loop : {&task_view_loop_, &entity_view_loop_, &scheduler_loop_, &http_loop_}) {
    loop->start();
  }
  if (scans_) asio::post(http_loop_.get_executor(), [this] { scans_->hurry(); });
  if (http_) run_and_wait(http_loop_.get_executor(), http_->stop(clock_.steady_now() + http_drain));
  if (scheduler_) {
    auto deadline = clock_.steady_now() + seconds(config_.drain_s);
    run_and_wait(scheduler_loop_.get_executor(), scheduler_->stop(deadline));
  }
  if (engines_) engines_->stop();
  scheduler_loop_.join();
  if (scans_) run_and_wait(http_loop_.get_executor(), scans_->stop());
  http_loop_.join();
  if (tasks_) run_and_wait(task_view_loop_.get_executor(), tasks_->stop());
  if (entities_) run_and_wait(entity_view_loop_.get_executor(), entities_->stop());
  task_view_loop_.join();
  entity_view_loop_.join();
  queue_->close();
}

}  // namespace sonde::daemon
