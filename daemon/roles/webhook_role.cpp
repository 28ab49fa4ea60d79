#include "daemon/roles/webhook_role.hpp"

#include "daemon/roles/wait_for.hpp"
#include "daemon/webhook_secret.hpp"
#include "model/errc.hpp"
#include "webhook/retry_plan.hpp"

namespace sonde::daemon {

webhook_role::webhook_role(const role_context& context, queue_role& queue)
    : role(context), queue_(queue) {}

result<> webhook_role::create_client(const model::webhook_guard& guard) {
  const auto& config = context_.config;
  try {
    webhook::webhook_client::settings how{config.webhook.ca_file, user_agent(config), guard};
    client_ = std::make_unique<webhook::webhook_client>(loop_.get_executor(), std::move(how),
                                                        config.limits, context_.time);
  } catch (const std::exception& e) {
    return fail(model::errc::invalid_field,
                "webhook.ca_file: " + config.webhook.ca_file + " cannot be used: " + e.what());
  }
  return {};
}

result<> webhook_role::start_parts() {
  const auto& keys = context_.webhook_keys;
  auto& log = context_.log;
  if (!keys) {
    if (context_.view_folder) log.warning("webhook.key_file is not set; no webhooks are sent");
    return {};
  }
  if (auto advice = advice_on(*keys); !advice.empty()) {
    log.warning("webhook secrets are shared", {{"hint", advice}});
  }
  const auto& config = context_.config;
  auto guard = model::webhook_guard::from_rules(config.webhook.allow);
  if (!guard) return guard.error();
  auto pauses = webhook::parse_pauses(config.webhook.retry_s);
  if (!pauses) return pauses.error();
  if (auto created = create_client(*guard); !created) return created;
  auto loop = loop_.get_executor();
  names_ = std::make_unique<scanner::resolver>(loop, config.scan.resolvers, config.limits);
  webhook::receiver_access access;
  access.keys = keys;
  access.guard = std::move(*guard);
  access.look_up = [this](std::string name) { return names_->resolve(std::move(name)); };
  access.post = [this](webhook::post_order order, steady_time deadline) {
    return client_->post(std::move(order), deadline);
  };
  webhook::context around{.loop = loop,
                          .queue = queue_.backend(),
                          .bounds = config.limits,
                          .queue_bounds = config.limits,
                          .time = context_.time,
                          .log = log,
                          .counts = context_.counts};
  dispatcher_ = std::make_unique<webhook::dispatcher>(around, std::move(access),
                                                      webhook::retry_plan(std::move(*pauses)));
  dispatcher_->when_failed([this](error why) { context_.failure.set(std::move(why)); });
  asio::post(loop, [this] { dispatcher_->start(); });
  loop_.start();
  return {};
}

std::vector<std::pair<std::string, executor>> webhook_role::threads() {
  std::vector<std::pair<std::string, executor>> out;
  if (dispatcher_) out.emplace_back(loop_.name(), loop_.get_executor());
  return out;
}

/// Applies the guard to messages in delivery too.
void webhook_role::reload(const reloaded_settings& changed) {
  if (!dispatcher_) return;
  // The pauses were checked when they were read.
  auto pauses = webhook::parse_pauses(changed.config.webhook.retry_s).value();
  asio::post(loop_.get_executor(),
             [this, guard = changed.guard, plan = webhook::retry_plan(std::move(pauses)),
              agent = user_agent(changed.config)] {
               dispatcher_->set_guard(guard);
               client_->set_guard(guard);
               dispatcher_->set_plan(plan);
               client_->set_user_agent(agent);
             });
}

void webhook_role::stop_parts() {
  // If the start failed midway, the parts that exist are stopped in the usual way.
  loop_.start();
  if (dispatcher_) {
    auto deadline = context_.time.steady_now() + std::chrono::seconds(context_.config.drain_s);
    run_and_wait(loop_.get_executor(), dispatcher_->stop(deadline));
  }
  loop_.join();
}

}  // namespace sonde::daemon
