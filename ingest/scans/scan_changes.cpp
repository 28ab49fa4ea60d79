#include "ingest/scans/scan_changes.hpp"

#include "ingest/errc.hpp"
#include "ingest/http/durable_write.hpp"
#include "ingest/scans/scan_checks.hpp"
#include "ingest/scans/scan_freshness.hpp"
#include "model/scan/task_fitting.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace sonde::ingest {
namespace {

constexpr std::chrono::milliseconds fold_patience{500};

/// Builds a request about an existing generation.
model::scan_request request_about(const model::scan_task& task, std::uint64_t generation,
                                  model::request_kind kind, wall_time now) {
  model::scan_request out;
  out.key = task.key;
  out.target = task.target;
  out.profile = task.profile;
  out.ports = task.ports;
  out.visibility = task.visibility;
  out.generation = generation;
  out.priority = task.priority;
  out.requested = now;
  out.kind = kind;
  return out;
}

/// Checks the size: a snapshot contains the data of its webhooks until they are sent.
result<> check_webhook_room(const model::scan_task& task, const model::webhook& hook,
                            std::size_t record_bytes) {
  auto with = task;
  with.webhooks.push_back(hook);
  if (model::has_room(with, record_bytes)) return {};
  return fail(
      errc::too_many,
      fmt::format("webhook: has {} bytes when encrypted, which do not fit beside the waiting "
                  "messages for this target in {} bytes (limits.record_max_bytes); retry later",
                  hook.encrypted.size(), record_bytes));
}

}  // namespace

scan_changes::scan_changes(const scan_context& context, scan_writer& writer)
    : context_(context), writer_(writer) {}

awaitable<result<>> scan_changes::join(model::scan_task task, scan_order order,
                                       std::string request_id, steady_time until) {
  bool deepens = !model::includes(task.depth, order.depth);
  auto& hook = order.webhook;
  bool is_new = hook && std::ranges::find(task.webhooks, hook->id, &model::webhook::id) ==
                            task.webhooks.end();
  if (!is_new && !deepens) co_return result<>();
  if (is_new) {
    if (task.webhooks.size() >= model::most_webhooks) co_return too_many_webhooks();
    auto room = check_webhook_room(task, *hook, context_.view_bounds.record_max_bytes);
    if (!room) co_return room.error();
  }
  auto kind = deepens ? model::request_kind::schedule : model::request_kind::attach;
  auto request = request_about(task, task.current.number, kind, context_.time.now());
  if (is_new) request.webhooks.push_back(std::move(*hook));
  if (deepens) request.depth = order.depth;
  request.traceparent = std::move(order.traceparent);
  request.by = std::move(order.by);
  auto written = co_await writer_.write(std::move(request), std::move(request_id), until);
  if (!written) co_return written.error();
  co_return result<>();
}

awaitable<result<scan_receipt>> scan_changes::cancel(std::string id, model::group_list groups,
                                                     std::string by, std::string request_id) {
  auto asked = model::read_task_id(id);
  if (!asked) co_return no_scan_id(id);
  auto task = std::move(*asked);
  auto until = context_.deadline();
  auto found = co_await context_.tasks.find(task, std::move(groups), until);
  if (!found) co_return as_answer(found.error());
  if (auto shown = check_found(*found); !shown) co_return shown.error();
  const auto& generation = *(*found)->generation;
  scan_receipt receipt{task, std::string(name_of(generation.state))};
  if (model::is_terminal(generation.state)) co_return receipt;
  auto request = request_about((*found)->task, generation.number, model::request_kind::cancel,
                               context_.time.now());
  request.by = std::move(by);
  auto written = co_await writer_.write(std::move(request), std::move(request_id), until);
  if (!written) co_return written.error();
  // The next reader should see the change; if the view is slow, it appears a little later.
  auto soon = context_.time.steady_now() + fold_patience;
  co_await context_.tasks.wait_until_folded(std::move(*written), soon);
  co_return receipt;
}

}  // namespace sonde::ingest
