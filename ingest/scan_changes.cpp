// What is done to a scan that is there already: webhooks that are told of its end, and its
// cancellation. Both are requests like the first one, and go the same way.

#include "ingest/scan_changes.hpp"

#include "ingest/durable_write.hpp"
#include "ingest/errc.hpp"
#include "ingest/scan_judgement.hpp"
#include "ingest/scan_service.hpp"
#include "model/events.hpp"
#include "model/task_fitting.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

constexpr std::chrono::milliseconds fold_patience{500};

/// A request about a generation that there is.
model::scan_request request_about(const model::scan_task& task, std::uint64_t generation,
                                  model::request_kind kind, wall_time now) {
  model::scan_request out;
  out.key = task.key;
  out.target = task.target;
  out.profile = task.profile;
  out.ports = task.ports;
  out.scope = task.scope;
  out.generation = generation;
  out.priority = task.priority;
  out.requested = now;
  out.kind = kind;
  return out;
}

/// A snapshot holds what its webhooks are sent with until it is sent.
result<> check_webhook_room(const model::scan_task& task, const model::webhook& hook,
                            std::size_t record_bytes) {
  auto with = task;
  with.webhooks.push_back(hook);
  if (model::has_room(with, record_bytes)) return {};
  return fail(errc::too_many,
              "webhook: has " + std::to_string(hook.sealed.size()) +
                  " bytes once it is encrypted, and the messages for this target that wait to be "
                  "sent leave no room for them in " +
                  std::to_string(record_bytes) + " bytes (limits.record_max_bytes); retry later");
}

}  // namespace

error no_scan_id(const std::string& id) {
  return fail(errc::not_found, "\"" + id.substr(0, 64) + "\" is no scan id");
}

result<> check_found(const std::optional<views::found_task>& found) {
  if (!found) return fail(errc::not_found, "there is no scan with this id");
  if (found->generation) return {};
  return fail(errc::gone, "the scan with this id was long ago; the newest one of its target is " +
                              found->task.current.id.str());
}

void scan_service::accept_webhooks(std::shared_ptr<const model::webhook_keys> keys,
                                   model::webhook_guard guard) {
  auto changed = *rules_;
  changed.keys = std::move(keys);
  changed.guard = std::move(guard);
  rules_ = std::make_shared<const order_rules>(std::move(changed));
}

result<std::vector<std::string>> scan_service::webhook_secrets(const std::string& url,
                                                               const std::string& owner) const {
  if (auto fine = model::parse_webhook_url(url); !fine) {
    return fail(errc::invalid, fine.error().message());
  }
  const auto& keys = rules_->keys;
  auto secrets = keys ? keys->secrets_of(owner, url) : std::vector<std::string>();
  if (!secrets.empty()) return secrets;
  return fail(errc::not_found,
              "this server has no webhook.key_file, so it derives no secrets; ask its operator");
}

awaitable<result<queue::position>> scan_service::write(model::scan_request request,
                                                       std::string request_id, steady_time until) {
  std::vector<record> batch;
  batch.push_back(to_record(request, request_id));
  auto bytes = bytes_of(batch);
  auto written = co_await write_durably(writes_, queue_, std::move(batch), until);
  if (!written) co_return written.error();
  if (quota_ != nullptr) quota_->charge(request.scope, bytes);
  co_return std::move(written->front());
}

awaitable<result<>> scan_service::attach(model::scan_task task, scan_order order,
                                         std::string request_id, steady_time until) {
  auto& hook = order.webhook;
  if (!hook) co_return result<>();
  bool known =
      std::ranges::find(task.webhooks, hook->id, &model::webhook::id) != task.webhooks.end();
  if (known) co_return result<>();
  if (task.webhooks.size() >= model::most_webhooks) {
    co_return too_many_webhooks();
  }
  if (auto room = check_webhook_room(task, *hook, limits_.record_max_bytes); !room) {
    co_return room.error();
  }
  auto request =
      request_about(task, task.current.number, model::request_kind::attach, clock_.now());
  request.webhooks.push_back(std::move(*hook));
  request.traceparent = std::move(order.traceparent);
  request.by = std::move(order.by);
  auto written = co_await write(std::move(request), std::move(request_id), until);
  if (!written) co_return written.error();
  co_return result<>();
}

awaitable<result<scan_receipt>> scan_service::cancel(std::string id, model::group_list groups,
                                                     std::string by, std::string request_id) {
  auto asked = model::read_task_id(id);
  if (!asked) co_return no_scan_id(id);
  auto task = std::move(*asked);
  auto until = deadline();
  auto found = co_await tasks_.find(task, std::move(groups), until);
  if (!found) co_return as_answer(found.error());
  if (auto shown = check_found(*found); !shown) co_return shown.error();
  const auto& generation = *(*found)->generation;
  scan_receipt receipt{task, std::string(name_of(generation.state))};
  if (model::is_terminal(generation.state)) co_return receipt;
  auto request =
      request_about((*found)->task, generation.number, model::request_kind::cancel, clock_.now());
  request.by = std::move(by);
  auto written = co_await write(std::move(request), std::move(request_id), until);
  if (!written) co_return written.error();
  // Who asks next is to see it; where the view is slow, a little later.
  auto soon = clock_.steady_now() + fold_patience;
  co_await tasks_.wait_until_folded(std::move(*written), soon);
  co_return receipt;
}

}  // namespace sonde::ingest
