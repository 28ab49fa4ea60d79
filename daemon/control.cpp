#include "daemon/control.hpp"

#include "admin/errc.hpp"
#include "admin/key_command.hpp"
#include "admin/keys.hpp"
#include "admin/redrive.hpp"
#include "ingest/http/problem.hpp"

#include <sys/stat.h>

namespace sonde::daemon {
namespace {

awaitable<ingest::http_response> redrive(queue::backend& queue, const clock& clock,
                                         ingest::http_request request) {
  auto order = admin::parse_redrive_order(request.body);
  if (!order) co_return ingest::problem(400, order.error().message(), request.id);
  ingest::audit_subject about;
  if (!order->look_only) about = {"topic.redrive", order->topic, {}};
  auto report = co_await admin::redrive(queue, std::move(*order), clock);
  auto out = report ? ingest::json_response(200, model::to_text(admin::to_json(*report)))
                    : ingest::problem(admin::status_of(report.error()), report.error().message(),
                                      request.id);
  out.about = std::move(about);
  co_return out;
}

awaitable<ingest::http_response> change_keys(admin::key_changes& changes,
                                             views::credential_view& credentials,
                                             const limits& limits, const clock& clock,
                                             ingest::http_request request) {
  auto command = admin::parse_key_command(request.body);
  if (!command) co_return ingest::problem(400, command.error().message(), request.id);
  auto until = clock.steady_now() + std::chrono::milliseconds(limits.http_answer_timeout_ms);
  ingest::audit_subject about{admin::action_of(command->what), command->id, {}};
  auto done = co_await admin::do_key_command(changes, credentials, std::move(*command), until);
  auto out =
      done ? ingest::json_response(200, model::to_text(*done))
           : ingest::problem(admin::status_of(done.error()), done.error().message(), request.id);
  if (done && done->contains("keyID")) about.object = done->value("keyID", "");
  out.about = std::move(about);
  co_return out;
}

}  // namespace

std::filesystem::path control_socket(const std::filesystem::path& data_dir) {
  return data_dir / "control.sock";
}

client::server_address control_address(const std::filesystem::path& data_dir) {
  client::server_address out;
  out.socket = control_socket(data_dir).string();
  struct stat folder {};
  if (stat(data_dir.c_str(), &folder) == 0) out.socket_user = folder.st_uid;
  return out;
}

void add_key_control_route(ingest::router& to, admin::key_changes& changes,
                           views::credential_view& credentials, const limits& limits,
                           const clock& clock) {
  auto handle = [&](ingest::http_request request, ingest::path_parameters) {
    return change_keys(changes, credentials, limits, clock, std::move(request));
  };
  to.add("POST", keys_path, ingest::access::everybody, handle);
}

void add_address_control_route(ingest::router& to, std::function<own_address()> ask) {
  auto handle = [ask = std::move(ask)](
                    ingest::http_request,
                    ingest::path_parameters) -> awaitable<ingest::http_response> {
    auto mine = ask();
    model::json told = {{"url", mine.url}, {"certificate", mine.certificate}};
    co_return ingest::json_response(200, model::to_text(told));
  };
  to.add("GET", address_path, ingest::access::everybody, std::move(handle));
}

void add_control_routes(ingest::router& to, queue::backend& queue, const clock& clock) {
  to.add("POST", redrive_path, ingest::access::everybody,
         [&queue, &clock](ingest::http_request request, ingest::path_parameters) {
           return redrive(queue, clock, std::move(request));
         });
}

}  // namespace sonde::daemon
