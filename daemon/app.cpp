// Where the parts meet: the only file that knows which implementation stands behind an interface.

#include "base/hash.hpp"
#include "base/random.hpp"
#include "daemon/descriptors.hpp"
#include "daemon/front_door.hpp"
#include "daemon/local_api.hpp"
#include "daemon/node.hpp"
#include "daemon/private_files.hpp"
#include "daemon/small_file.hpp"
#include "daemon/topics.hpp"
#include "daemon/webhook_secret.hpp"
#include "model/events.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "queue/errc.hpp"
#include "queue/kafka/kafka_queue.hpp"
#include "queue/kafka/kafka_topics.hpp"
#include "queue/memory/memory_queue.hpp"
#include "queue/metered.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <fstream>
#include <future>
#include <thread>

namespace sonde::daemon {
namespace {

using std::chrono::seconds;
constexpr std::int32_t embedded_partitions = 1;
/// For requests under way when the server stops.
constexpr seconds http_drain{5};

std::string random_id() {
  std::array<std::byte, 8> bytes{};
  kernel_random(bytes);
  return to_hex(bytes);
}

/// Runs a coroutine on a loop and waits for it, on a thread that has no loop.
void run_and_wait(const executor& loop, awaitable<void> work) {
  asio::co_spawn(loop, std::move(work), asio::use_future).get();
}

constexpr std::string_view from_file = ".file";

/// The properties as librdkafka takes them: what is in a file is read from there.
result<std::map<std::string, std::string>> kafka_properties(const configuration& config) {
  std::map<std::string, std::string> out;
  for (const auto& [property, value] : config.kafka) {
    if (!property.ends_with(from_file)) {
      out[property] = value;
      continue;
    }
    auto text = read_small_file(value);
    auto safe = text ? check_secret_file(value) : result<>(text.error());
    if (!safe) {
      return fail(queue::errc::mismatch, "kafka." + property + ": " + safe.error().message());
    }
    while (text->ends_with('\n') || text->ends_with('\r'))
      text->pop_back();
    out[property.substr(0, property.size() - from_file.size())] = std::move(*text);
  }
  return out;
}

/// This process's name in its groups, the same whenever it starts on this data folder.
result<std::string> instance_of(const configuration& config) {
  if (!config.queue.instance.empty()) return config.queue.instance;
  std::error_code failed;
  if (std::filesystem::create_directories(config.data_dir, failed)) {
    std::filesystem::permissions(config.data_dir, std::filesystem::perms::owner_all, failed);
  }
  auto path = config.data_dir / "instance";
  std::string name;
  std::ifstream(path) >> name;
  if (!name.empty()) return name;
  name = "sonde-" + random_id();
  std::ofstream file(path);
  file << name << "\n" << std::flush;
  if (file) return name;
  return fail(queue::errc::read_only,
              "cannot write to the data folder " + config.data_dir.string());
}

result<queue::kafka_settings> kafka_settings_of(const configuration& config) {
  queue::kafka_settings out;
  auto properties = kafka_properties(config);
  if (!properties) return properties.error();
  out.properties = std::move(*properties);
  out.prefix = config.queue.prefix;
  if (out.properties.contains("bootstrap.servers")) return out;
  return fail(queue::errc::mismatch,
              "queue.backend is kafka, but [kafka] says nothing of bootstrap.servers");
}

result<std::unique_ptr<queue::backend>> open_kafka(const configuration& config, queue_use use,
                                                   const clock& clock, logger& log) {
  auto settings = kafka_settings_of(config);
  if (!settings) return settings.error();
  if (use == queue_use::serve) {
    auto instance = instance_of(config);
    if (!instance) return instance.error();
    settings->instance = std::move(*instance);
  }
  auto access =
      use == queue_use::read ? queue::kafka_use::read_only : queue::kafka_use::read_and_write;
  auto partitions = static_cast<std::int32_t>(config.queue.partitions);
  return queue::open_kafka_queue(std::move(*settings), all_topics(partitions, config.topics),
                                 access, clock, config.limits, log);
}

}  // namespace

result<std::unique_ptr<queue::backend>> open_queue(const configuration& config, queue_use use,
                                                   const clock& clock, logger& log) {
  if (config.queue.backend == "kafka") return open_kafka(config, use, clock, log);
  auto topics = all_topics(embedded_partitions, config.topics);
  if (config.queue.backend == "memory") {
    if (use != queue_use::serve) {
      return fail(queue::errc::read_only,
                  "the queue is in a daemon's memory (queue.backend), where no verb reaches it");
    }
    return queue::make_memory_queue(std::move(topics), config.queue.prefix, clock, config.limits,
                                    log);
  }
  if (use == queue_use::write) {
    if (auto found = queue::find_embedded_queue(config.data_dir); !found) return found.error();
  }
  auto open =
      use == queue_use::read ? queue::open_embedded_queue_for_reading : queue::open_embedded_queue;
  return open(config.data_dir, std::move(topics), config.queue.prefix, clock, config.limits, log);
}

result<std::vector<topic_report>> create_topics(const configuration& config, logger& log) {
  std::vector<topic_report> out;
  if (config.queue.backend != "kafka") return out;
  auto settings = kafka_settings_of(config);
  if (!settings) return settings.error();
  auto topics = all_topics(static_cast<std::int32_t>(config.queue.partitions), config.topics);
  queue::kafka_replication replication{static_cast<std::int32_t>(config.queue.replicas),
                                       static_cast<std::int32_t>(config.queue.in_sync)};
  auto made = queue::create_kafka_topics(*settings, topics, replication, config.limits, log);
  if (!made) return made.error();
  for (auto& each : *made) {
    out.push_back({std::move(each.name), std::move(each.full_name), each.created,
                   std::move(each.problems), std::move(each.advice)});
  }
  return out;
}

result<> check_kafka(const configuration& config) {
  for (const auto& [property, value] : config.kafka) {
    bool in_file = property.ends_with(from_file);
    auto name = in_file ? property.substr(0, property.size() - from_file.size()) : property;
    // Whether the file is there is a question for the time when it is read.
    auto known = in_file && queue::is_kafka_secret(name) ? result<>()
                                                         : queue::check_kafka_property(name, value);
    if (known) continue;
    auto origin = config.origins.find("kafka." + property);
    auto where = origin == config.origins.end() ? std::string() : origin->second + ": ";
    return fail(queue::errc::mismatch, where + known.error().message());
  }
  return {};
}

bool is_kafka_secret(const std::string& property) {
  return queue::is_kafka_secret(property);
}

node::node(configuration config, std::unique_ptr<queue::backend> queue,
           std::optional<std::filesystem::path> view_folder, const clock& clock, logger& log)
    : config_(std::move(config)),
      queue_(queue::make_metered(std::move(queue), counts_)),
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
  addresses_ = scanner::own_addresses();
  auto profiles = model::profile_book::with(config_.scan.profiles);
  if (!profiles) return profiles.error();
  profiles_ = std::move(*profiles);
  auto keys = load_webhook_keys(config_, view_folder_);
  if (!keys) return keys.error();
  webhook_keys_ = std::move(*keys);
  if (auto started = start_views(); !started) return started;
  if (has_role("ingest") || has_role("view")) {
    if (auto started = start_ingest(); !started) return started;
  }
  // First what may fail, as when the port is taken: who scans takes the work from others.
  if (http_wanted_) {
    if (auto started = start_http(); !started) return started;
  }
  if (view_folder_) start_control();
  http_loop_.start();
  response_loop_.start();
  if (has_role("scanner")) {
    if (auto started = start_scanner(); !started) return started;
  }
  if (has_role("webhook")) {
    if (auto started = start_webhook(); !started) return started;
  }
  begin_to_be_ready();
  return {};
}

result<> node::start_scanner() {
  auto scope = scope_of(config_.scope);
  if (!scope) return scope.error();
  auto rules = policy_of(**scope);
  auto budget = measure_descriptors(config_.limits, http_wanted_);
  auto threads = config_.scan.threads > 0 ? config_.scan.threads
                                          : std::max(1U, std::thread::hardware_concurrency());
  scanner::engine_settings settings;
  settings.descriptors = budget.probes;
  settings.rates = rates_of(config_);
  settings.resolvers = config_.scan.resolvers;
  settings.user_agent = user_agent(config_);
  engines_ = std::make_unique<scanner::engine_pool>(threads, settings, rules, config_.limits,
                                                    clock_, log_);
  scanner::scheduler_settings scheduling;
  scheduling.process_id = process_id_;
  scheduling.addresses_per_name = config_.scan.addresses_per_name;
  scheduling.failed = [this](error why) { failure_.set(std::move(why)); };
  scheduler_ = std::make_unique<scanner::scheduler>(
      scheduler_loop_.get_executor(), *queue_, *tasks_, *engines_, rules, profiles_, scheduling,
      config_.limits, clock_, log_, counts_);
  engines_->start();
  asio::post(scheduler_loop_.get_executor(), [this] { scheduler_->start(); });
  scheduler_loop_.start();
  log_.info("scanner started", {{"threads", static_cast<std::int64_t>(threads)},
                                {"descriptors", static_cast<std::int64_t>(budget.limit)},
                                {"for_probes", static_cast<std::int64_t>(budget.probes)}});
  return {};
}

result<> node::start_ingest() {
  auto scope = scope_of(config_.scope);
  if (!scope) return scope.error();
  auto shared = std::move(*scope);
  workers_ =
      std::make_unique<ingest::body_workers>(http_loop_.get_executor(), config_.limits, clock_);
  ingest::order_rules rules{profiles_, shared, {}, {}, config_.limits.record_max_bytes};
  scans_ = std::make_unique<ingest::scan_service>(*workers_, *queue_, *tasks_, *entities_,
                                                  std::move(rules), config_.limits, clock_, log_);
  facts_ = std::make_unique<ingest::entity_service>(*workers_, *queue_, *entities_, shared,
                                                    config_.limits, clock_, log_);
  facts_->compare_with(*tasks_);
  build_apart();
  auto guard = model::webhook_guard::from_rules(config_.webhook.allow);
  if (!guard) return guard.error();
  scans_->accept_webhooks(webhook_keys_, std::move(*guard));
  return {};
}

/// Every process says how it is, whatever its roles.
result<> node::start_http() {
  start_credentials();
  if (has_role("ingest")) {
    ingest::add_scheduling_routes(router_, *scans_, config_.limits, &quota_);
    ingest::add_submission_routes(router_, *facts_, &quota_);
    ingest::add_definition_routes(router_);
  }
  if (scans_) ingest::add_scan_routes(router_, *scans_, config_.limits);
  if (has_role("view")) ingest::add_entity_routes(router_, *facts_);
  ingest::add_openapi_routes(router_, SONDE_VERSION);
  ingest::add_health_routes(router_, [this] { return components(); });
  ingest::add_metrics_route(router_, who_reads_metrics(), [this] { return metrics_text(); });
  auto handle = [this](ingest::http_request request) { return router_.handle(std::move(request)); };
  // More than there are descriptors for could not be accepted, and nobody would give way.
  auto budget = measure_descriptors(config_.limits, http_wanted_);
  config_.limits.http_connections = static_cast<std::uint32_t>(budget.connections);
  http_ = std::make_unique<ingest::http_server>(http_loop_.get_executor(), std::move(handle),
                                                config_.limits, log_, counts_, process_id_);
  http_->admit_by(front_desk());
  http_->audit_to(*audit_);
  http_->allow_names(config_.http.server_names);
  auto tls = load_tls(config_);
  if (!tls) return tls.error();
  tls_ = std::move(*tls);
  if (tls_) http_->use_tls(tls_);
  auto where = parse_listen(config_.http.listen);
  if (!where) return where.error();
  bool allowed = config_.http.allow_plaintext || tls_;
  if (auto bound = http_->listen(where->first, where->second, allowed); !bound) return bound;
  http_->start();
  return start_gateway();
}

result<> node::health() const {
  if (auto well = failure_.check(); !well) return well;
  return queue_->health();
}

std::string node::endpoint() const {
  return http_ ? http_->endpoint() : std::string();
}

std::unique_ptr<client::scan_api> node::local_api() {
  return make_local_api(http_loop_.get_executor(), *scans_, *facts_, process_id_);
}

/// What the queue says of itself is asked for when it is wanted; without an answer it is left out.
awaitable<std::string> node::metrics_text() {
  auto shown = co_await queue::show_lag(*queue_, scanner::scanner_group,
                                        model::topics::scan_requests, counts_);
  if (!shown) {
    log_.warning("the groups' lag is not known", {{"reason", shown.error().message()}});
  }
  auto messages = co_await queue::show_lag(*queue_, webhook::sender_group,
                                           model::topics::webhook_requests, counts_);
  if (!messages) {
    log_.warning("the groups' lag is not known", {{"reason", messages.error().message()}});
  }
  counts_.show("sonde_build_info", "Always 1.", {{"version", SONDE_VERSION}}).set(1);
  bool answered = co_await show_readiness();
  // A view whose thread is blocked would not answer.
  if (answered) co_await show_backlog();
  queue::show_sizes(*queue_, counts_);
  show_disk();
  http_->show_held(counts_);
  if (tls_) show_certificate();
  process_.refresh();
  co_return counts_.text();
}

void node::stop() {
  if (!running_) return;
  running_ = false;
  // Where starting has failed half way, what was made is taken down like the rest.
  for (auto* loop : {&task_view_loop_, &entity_view_loop_, &scheduler_loop_, &http_loop_,
                     &response_loop_, &webhook_loop_}) {
    loop->start();
  }
  for (auto& loop : entity_read_loops_)
    loop.start();
  if (scans_) asio::post(http_loop_.get_executor(), [this] { scans_->hurry(); });
  for (auto* server : {http_.get(), gateway_.get(), control_.get()}) {
    if (server == nullptr) continue;
    run_and_wait(http_loop_.get_executor(), server->stop(clock_.steady_now() + http_drain));
  }
  if (scheduler_) {
    auto deadline = clock_.steady_now() + seconds(config_.drain_s);
    run_and_wait(scheduler_loop_.get_executor(), scheduler_->stop(deadline));
  }
  if (engines_) engines_->stop();
  scheduler_loop_.join();
  if (sender_) {
    auto deadline = clock_.steady_now() + seconds(config_.drain_s);
    run_and_wait(webhook_loop_.get_executor(), sender_->stop(deadline));
  }
  webhook_loop_.join();
  if (scans_) run_and_wait(http_loop_.get_executor(), scans_->stop());
  if (facts_) run_and_wait(http_loop_.get_executor(), facts_->stop());
  run_and_wait(http_loop_.get_executor(), stop_readiness());
  run_and_wait(http_loop_.get_executor(), stop_credentials());
  http_loop_.join();
  if (workers_) workers_->stop();
  response_loop_.join();
  if (tasks_) run_and_wait(task_view_loop_.get_executor(), tasks_->stop());
  if (entities_) run_and_wait(entity_view_loop_.get_executor(), entities_->stop());
  task_view_loop_.join();
  entity_view_loop_.join();
  for (auto& loop : entity_read_loops_)
    loop.join();
  queue_->close();
}

}  // namespace sonde::daemon
