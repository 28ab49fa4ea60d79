#include "ingest/scan_service.hpp"

#include "ingest/durable_write.hpp"
#include "ingest/errc.hpp"
#include "ingest/json_answer.hpp"
#include "ingest/scan_changes.hpp"
#include "ingest/scan_cursor.hpp"
#include "ingest/scan_json.hpp"
#include "ingest/scan_judgement.hpp"
#include "model/events.hpp"
#include "model/task_fold.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::milliseconds;

constexpr milliseconds findings_patience{500};
constexpr milliseconds wait_slice{1'000};
/// That are put into JSON here.
constexpr std::size_t few_results = 64;

/// About what a task's report takes in an answer.
std::size_t bytes_of(const model::scan_task& task) {
  constexpr std::size_t of_each = 250;  // names, ids, punctuation
  std::size_t out = of_each + task.profile.size();
  for (const auto& row : task.results) {
    out += of_each + row.name.size() + row.product.size() + row.version.size() + row.banner.size() +
           row.certificate.size() * 2 + row.subject.size();
  }
  return out;
}

}  // namespace

scan_service::scan_service(body_workers& workers, queue::backend& queue, views::task_view& tasks,
                           views::entity_view& entities, order_rules rules, const limits& limits,
                           const clock& clock, logger& log)
    : workers_(workers),
      queue_(queue),
      tasks_(tasks),
      entities_(entities),
      rules_(std::make_shared<const order_rules>(std::move(rules))),
      limits_(limits),
      clock_(clock),
      writes_(workers.loop(), log, "scan service"),
      bulk_turn_(workers.loop()) {}

steady_time scan_service::deadline() const {
  return clock_.steady_now() + milliseconds(limits_.http_answer_timeout_ms);
}

result<scan_order> scan_service::parse_order(const json& body) const {
  return rules_->parse(body);
}

awaitable<result<scan_order>> scan_service::read_order(std::string body, std::string caller) {
  if (workers_.is_small(body.size())) co_return rules_->read(body, limits_.json_depth);
  std::function<result<scan_order>()> work = [rules = rules_, depth = limits_.json_depth,
                                              body = std::move(body)] {
    return rules->read(body, depth);
  };
  auto order = co_await workers_.run(std::move(caller), deadline(), std::move(work));
  co_return order;
}

result<> scan_service::check_room(const views::queued_counts& queued) const {
  if (queued.in_scope >= limits_.queued_per_scope) {
    return fail(errc::too_many, std::to_string(queued.in_scope) +
                                    " scans of yours are queued, which is the most; wait until "
                                    "some have been done");
  }
  if (queued.total >= limits_.queued_total) {
    return fail(errc::unavailable, "this server's queue is full; try again later");
  }
  return {};
}

awaitable<result<scan_receipt>> scan_service::schedule(scan_order order, model::group_list groups,
                                                       std::string request_id) {
  auto until = deadline();
  auto key = model::key_of(order.target, order.profile, groups);
  auto known = co_await tasks_.find_with_counts(std::move(key), views::scope_text(groups), until);
  if (!known) co_return as_answer(known.error());
  auto now = clock_.now();
  std::uint64_t generation = 1;
  if (known->task) {
    const auto& current = known->task->current;
    if (will_do(current.state, current.ended, order, now)) {
      auto attached = co_await attach(*known->task, std::move(order.webhook),
                                      std::move(order.traceparent), std::move(request_id), until);
      if (!attached) co_return attached.error();
      co_return scan_receipt{current.id, std::string(name_of(current.state))};
    }
    generation = current.number + 1;
  }
  if (auto room = check_room(known->queued); !room) co_return room.error();
  auto request = to_request(std::move(order), std::move(groups), generation, now);
  auto id = request.id();
  auto written = co_await write(std::move(request), std::move(request_id), until);
  if (!written) co_return written.error();
  co_return scan_receipt{std::move(id), "new"};
}

/// An ended scan is shown as ended when what it found can be read, which is a matter of
/// milliseconds.
awaitable<model::task_state> scan_service::shown_state(const views::found_task& found,
                                                       steady_time until) {
  auto state = found.generation->state;
  bool ended = found.is_current() && model::is_terminal(state);
  if (!ended || found.task.produced.empty()) co_return state;
  bool visible = co_await entities_.wait_until_passed(found.task.produced, until);
  if (!visible) state = model::task_state::running;
  co_return state;
}

/// Waits in slices, so that a server that stops need not wait for it.
awaitable<result<std::optional<views::found_task>>> scan_service::wait_for_news(
    model::task_id task, std::optional<views::found_task> first, steady_time until) {
  result<std::optional<views::found_task>> found = first;
  while (!hurrying_ && found && *found && !(*found)->has_news_since(*first)) {
    auto now = clock_.steady_now();
    if (now >= until) break;
    found = co_await tasks_.wait_for_change(task, std::min(until, now + wait_slice));
  }
  co_return found;
}

awaitable<result<json>> scan_service::look_up(std::string id, model::group_list groups,
                                              milliseconds wait, std::string caller) {
  if (!model::is_task_id(id)) co_return no_scan_id(id);
  model::task_id task(std::move(id));
  auto found = co_await tasks_.find(task, deadline());
  if (found && *found && wait.count() > 0) {
    found = co_await wait_for_news(task, std::move(*found), clock_.steady_now() + wait);
  }
  if (!found) co_return as_answer(found.error());
  if (auto shown = check_found(*found, groups); !shown) co_return shown.error();
  auto state = co_await shown_state(**found, clock_.steady_now() + findings_patience);
  auto told = co_await describe(std::move(**found), state, std::move(caller), deadline());
  co_return told;
}

/// What has many results takes milliseconds.
awaitable<result<json>> scan_service::describe(views::found_task found, model::task_state state,
                                               std::string caller, steady_time until) {
  if (found.task.results.size() <= few_results) co_return to_json(found, state);
  std::function<result<json>()> work = [found = std::move(found), state] {
    return result<json>(to_json(found, state));
  };
  auto told = co_await workers_.run(std::move(caller), until, std::move(work));
  co_return told;
}

awaitable<result<std::string>> scan_service::write_out(json answer, std::string caller) {
  auto text =
      co_await ingest::write_out(workers_, std::move(caller), deadline(), std::move(answer));
  co_return text;
}

awaitable<result<json>> scan_service::list(views::list_query query, std::string caller) {
  auto loop = co_await asio::this_coro::executor;
  bool whole = query.target.has_value();
  auto found = co_await tasks_.list(std::move(query), deadline());
  if (!found) co_return as_answer(found.error());
  json out = {{"scans", json::array()}};
  if (found->next) out["next"] = to_cursor(*found->next);
  std::size_t bytes = 0;
  // Of the whole page, not of each scan.
  auto until = clock_.steady_now() + findings_patience;
  for (auto& task : found->tasks) {
    bool last = &task == &found->tasks.back();
    views::found_task one;
    one.generation = task.current;
    one.task = std::move(task);
    auto state = co_await shown_state(one, until);
    auto next = to_cursor({one.task.current.requested, one.task.current.id});
    if (!whole) {
      auto told = to_json(one, state);
      leave_out_results(told, one.task);
      out["scans"].push_back(std::move(told));
      continue;
    }
    bytes += bytes_of(one.task);
    auto told = co_await describe(std::move(one), state, caller, deadline());
    if (!told) co_return told.error();
    out["scans"].push_back(std::move(*told));
    if (bytes >= limits_.http_answer_bytes && !last) {
      out["next"] = std::move(next);
      break;
    }
    co_await asio::post(loop, asio::use_awaitable);
  }
  co_return out;
}

void scan_service::set_scope(std::shared_ptr<const model::address_scope> scope) {
  auto changed = *rules_;
  changed.scope = std::move(scope);
  rules_ = std::make_shared<const order_rules>(std::move(changed));
}

awaitable<void> scan_service::stop() {
  co_await writes_.join();
}

}  // namespace sonde::ingest
