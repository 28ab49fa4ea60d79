// The role `webhook`, wired together.

#include "daemon/node.hpp"
#include "daemon/webhook_secret.hpp"
#include "model/errc.hpp"

namespace sonde::daemon {

result<> node::start_webhook() {
  if (!webhook_keys_) {
    if (view_folder_) log_.warning("no webhooks are sent: webhook.key_file is not set");
    return {};
  }
  if (auto advice = advice_on(*webhook_keys_); !advice.empty()) {
    log_.warning("webhook secrets are shared", {{"mend", advice}});
  }
  auto guard = model::webhook_guard::from_rules(config_.webhook.allow);
  if (!guard) return guard.error();
  auto pauses = webhook::parse_pauses(config_.webhook.retry_s);
  if (!pauses) return pauses.error();
  auto loop = webhook_loop_.get_executor();
  try {
    poster_ = std::make_unique<webhook::poster>(loop, config_.webhook.ca_file, user_agent(config_),
                                                *guard, config_.limits, clock_);
  } catch (const std::exception& e) {
    return fail(model::errc::invalid_field,
                "webhook.ca_file: " + config_.webhook.ca_file + " cannot be used: " + e.what());
  }
  webhook_names_ =
      std::make_unique<scanner::resolver>(loop, config_.scan.resolvers, config_.limits);
  auto look_up = [this](std::string name) { return webhook_names_->resolve(std::move(name)); };
  sender_ = std::make_unique<webhook::sender>(
      loop, *queue_, webhook_keys_, std::move(*guard), webhook::retry_plan(std::move(*pauses)),
      *poster_, std::move(look_up), config_.limits, clock_, log_, counts_);
  sender_->when_failed([this](error why) { failure_.set(std::move(why)); });
  asio::post(loop, [this] { sender_->start(); });
  webhook_loop_.start();
  return {};
}

}  // namespace sonde::daemon
