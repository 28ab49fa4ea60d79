// The sockets on which somebody is let in by another rule than that of the HTTP port.

#include "daemon/control.hpp"
#include "daemon/node.hpp"

namespace sonde::daemon {

void node::start_control() {
  add_control_routes(control_routes_, *queue_, clock_);
  auto handle = [this](ingest::http_request request) {
    return control_routes_.handle(std::move(request));
  };
  control_ = std::make_unique<ingest::http_server>(http_loop_.get_executor(), std::move(handle),
                                                   config_.limits, log_, counts_, process_id_);
  if (auto bound = control_->listen(control_socket(*view_folder_)); !bound) {
    log_.warning("verbs cannot reach this daemon", {{"reason", bound.error().message()}});
    control_.reset();
    return;
  }
  control_->start();
}

}  // namespace sonde::daemon
