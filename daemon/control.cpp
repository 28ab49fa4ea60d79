#include "daemon/control.hpp"

#include "client/errc.hpp"
#include "client/redrive.hpp"
#include "ingest/problem.hpp"

namespace sonde::daemon {
namespace {

unsigned status_of(const error& why) {
  if (why.code == make_error_code(client::errc::not_found)) return 404;
  if (why.code == make_error_code(client::errc::usage)) return 400;
  return 503;
}

awaitable<ingest::http_response> redrive(queue::backend& queue, const clock& clock,
                                         ingest::http_request request) {
  auto order = client::parse_redrive_order(request.body);
  if (!order) co_return ingest::problem(400, order.error().message(), request.id);
  auto report = co_await client::redrive(queue, std::move(*order), clock);
  if (!report) {
    co_return ingest::problem(status_of(report.error()), report.error().message(), request.id);
  }
  co_return ingest::json_response(200, model::to_text(client::to_json(*report)));
}

}  // namespace

std::filesystem::path control_socket(const std::filesystem::path& data_dir) {
  return data_dir / "control.sock";
}

void add_control_routes(ingest::router& to, queue::backend& queue, const clock& clock) {
  to.add("POST", redrive_path,
         [&queue, &clock](ingest::http_request request, ingest::path_parameters) {
           return redrive(queue, clock, std::move(request));
         });
}

}  // namespace sonde::daemon
