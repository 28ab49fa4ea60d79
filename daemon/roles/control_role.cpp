#include "daemon/roles/control_role.hpp"

#include "daemon/roles/wait_for.hpp"

#include <cstring>

namespace sonde::daemon {

control_role::control_role(const role_context& context, queue_role& queue, request_loops& loops,
                           access_role* access, http_role* http)
    : role(context), queue_(queue), loops_(loops), access_(access), http_(http) {}

result<> control_role::start_parts() {
  return call_and_wait(loops_.http(), [this] {
    serve();
    return result<>();
  });
}

void control_role::serve() {
  add_control_routes(routes_, queue_.backend(), context_.time);
  add_address_control_route(routes_, [this] { return address_here(); });
  if (access_ != nullptr) {
    add_key_control_route(routes_, access_->key_changes(), access_->credentials(), loops_.bounds(),
                          context_.time);
  }
  auto handle = [this](ingest::http_request request) { return routes_.handle(std::move(request)); };
  // Each server counts its own requests, so the suffix makes their ids unique.
  ingest::http_server::context around{loops_.http(), loops_.bounds(), context_.log, context_.counts,
                                      context_.process_id + "c"};
  server_ = std::make_unique<ingest::http_server>(std::move(around), std::move(handle));
  if (access_ != nullptr) server_->audit_to(access_->audit());
  if (auto bound = server_->listen(control_socket(*context_.view_folder)); !bound) {
    context_.log.warning("control socket not available; commands cannot reach this daemon",
                         {{"reason", bound.error().message()}});
    server_.reset();
    return;
  }
  server_->start();
}

/// Returns the address on this machine. A server that listens on all addresses is reached on
/// loopback.
own_address control_role::address_here() const {
  if (http_ == nullptr) return {"http://", std::string()};
  auto where = http_->url();
  for (const auto& [all, loopback] :
       {std::pair("://0.0.0.0:", "://127.0.0.1:"), std::pair("://[::]:", "://[::1]:")}) {
    auto found = where.find(all);
    if (found != std::string::npos) where.replace(found, std::strlen(all), loopback);
  }
  return {where, http_->certificate()};
}

void control_role::close_intake() {
  if (!server_) return;
  run_and_wait(loops_.http(), server_->stop(context_.time.steady_now() + http_drain));
}

}  // namespace sonde::daemon
