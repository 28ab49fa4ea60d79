#include "daemon/roles/request_loops.hpp"

#include "daemon/limit_names.hpp"
#include "daemon/reload_report.hpp"

namespace sonde::daemon {

request_loops::request_loops(const role_context& context)
    : role(context), bounds_(context.config.limits) {}

result<> request_loops::start_parts() {
  if (context_.serves_facts()) {
    workers_ = std::make_unique<ingest::body_workers>(http(), bounds_, context_.time);
    builder_ = std::make_unique<ingest::response_builder>(http(), responses_.get_executor(),
                                                          bounds_, context_.time);
  }
  http_.start();
  responses_.start();
  return {};
}

void request_loops::reload(const reloaded_settings& changed) {
  asio::post(http(), [this, read = changed.config.limits] {
    for (const auto& one : limit_names()) {
      if (is_reloaded(std::string("limits.") + one.name)) bounds_.*one.member = read.*one.member;
    }
  });
}

void request_loops::stop_parts() {
  http_.join();
  if (workers_) workers_->stop();
  responses_.join();
}

}  // namespace sonde::daemon
