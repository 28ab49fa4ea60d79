#include "daemon/node.hpp"

#include "base/hash.hpp"
#include "base/random.hpp"
#include "daemon/descriptors.hpp"
#include "daemon/front_door.hpp"
#include "daemon/roles/control_role.hpp"
#include "daemon/webhook_secret.hpp"

#include <algorithm>
#include <array>

namespace sonde::daemon {
namespace {

std::string random_process_id() {
  std::array<std::byte, 8> bytes{};
  kernel_random(bytes);
  return to_hex(bytes);
}

/// Limits the connections to the descriptors of this process. Without a descriptor a connection is
/// not accepted, and no other connection is evicted for it.
configuration fit_to_descriptors(configuration config, http_use http) {
  if (http == http_use::none) return config;
  auto budget = measure_descriptors(config.limits, http);
  config.limits.http_connections = static_cast<std::uint32_t>(budget.connections);
  return config;
}

}  // namespace

template <class Role, class... Arguments>
Role& node::add(Arguments&&... arguments) {
  auto made = std::make_unique<Role>(context_, std::forward<Arguments>(arguments)...);
  auto& out = *made;
  roles_.push_back(std::move(made));
  return out;
}

node::node(configuration config, node_storage storage, http_use http, const clock& clock,
           logger& log)
    : config_(fit_to_descriptors(std::move(config), http)),
      context_{.config = config_,
               .view_folder = std::move(storage.view_folder),
               .http = http,
               .time = clock,
               .log = log,
               .counts = counts_,
               .failure = failure_,
               .process_id = random_process_id()},
      scope_(context_.has_role("scanner") ? scanning::here : scanning::elsewhere),
      watch_(clock),
      clock_jumps_(counts_.count("sonde_clock_jumps_total", "Jumps of the machine's clock.")),
      queue_(add<queue_role>(std::move(storage.queue))) {}

node::~node() {
  stop();
  // A role is destroyed before those that it uses.
  while (!roles_.empty())
    roles_.pop_back();
}

result<> node::load_inputs() {
  auto profiles = model::profile_book::with(config_.scan.profiles);
  if (!profiles) return profiles.error();
  context_.profiles = std::move(*profiles);
  for (const auto& [name, depth] : config_.scan.profile_depths)
    context_.profiles.set_depth(name, scanner::depth_named(depth));
  auto keys = load_webhook_keys(config_, context_.view_folder);
  if (!keys) return keys.error();
  context_.webhook_keys = std::move(*keys);
  return scope_.set_rules(config_.scope);
}

health_report node::report_health() {
  return {[this] { return health_->components(); }, [this] { return health_->metrics_text(); }};
}

/// Creates the roles in the order of their dependencies. HTTP starts before the scanner because it
/// can fail, for example if the port is taken: a scanner takes work from other processes. Webhooks
/// start before the scanner, so that they are sent until the last scan has ended.
void node::create_roles() {
  auto& views = add<views_role>(queue_);
  auto& loops = add<request_loops>();
  checked_roles checked{queue_, views, loops};
  if (context_.http == http_use::listen) {
    checked.access = &add<access_role>(queue_, loops, views);
  }
  if (context_.serves_facts()) ingest_ = &add<ingest_role>(queue_, loops, views, scope_);
  if (context_.http == http_use::listen) {
    http_ = &add<http_role>(loops, *checked.access, ingest_, report_health());
    checked.http = http_;
  }
  if (context_.view_folder) add<control_role>(queue_, loops, checked.access, http_);
  if (context_.has_role("webhook")) checked.webhook = &add<webhook_role>(queue_);
  if (context_.has_role("scanner")) checked.scanner = &add<scanner_role>(queue_, views, scope_);
  health_ = &add<health_role>(checked);
}

result<> node::start() {
  // The queue runs first, so that `stop` closes it also if the rest cannot be created.
  if (auto started = queue_.start(); !started) return started;
  if (auto loaded = load_inputs(); !loaded) return loaded;
  create_roles();
  for (auto& each : roles_) {
    if (auto started = each->start(); !started) return started;
  }
  return {};
}

void node::stop() {
  for (auto& each : roles_)
    each->stop_intake();
  std::for_each(roles_.rbegin(), roles_.rend(), [](auto& each) { each->stop(); });
}

std::string node::endpoint() const {
  return http_ != nullptr ? http_->endpoint() : std::string();
}

std::string node::url() const {
  return http_ != nullptr ? http_->url() : "http://";
}

std::unique_ptr<client::scan_api> node::local_api() {
  return ingest_->local_api();
}

result<> node::health() const {
  if (auto well = failure_.check(); !well) return well;
  return queue_.health();
}

result<> node::reload(const configuration& changed) {
  auto scope = scope_;
  if (auto valid = scope.set_rules(changed.scope); !valid) return valid;
  auto guard = model::webhook_guard::from_rules(changed.webhook.allow);
  if (!guard) return guard.error();
  auto tls = load_tls(changed);
  if (!tls) return tls.error();
  context_.log.set_level(level_of(changed));
  context_.log.set_format(format_of(changed));
  scope_ = std::move(scope);
  reloaded_settings read{changed, std::move(*guard), std::move(*tls)};
  for (auto& each : roles_) {
    each->reload(read);
    each->set_scope(scope_);
  }
  return {};
}

void node::refresh_addresses() {
  if (!scope_.refresh_addresses()) return;
  context_.log.info(
      "addresses of this machine changed; they are out of scope unless scope.allow holds them",
      {{"addresses", static_cast<std::int64_t>(scope_.address_count())}});
  for (auto& each : roles_)
    each->set_scope(scope_);
}

void node::watch_clock() {
  auto jump = watch_.look();
  if (!jump) return;
  clock_jumps_.add();
  context_.log.warning("the clock of the machine jumped", {{"milliseconds", jump->count()}});
}

}  // namespace sonde::daemon
