#include "ingest/scan_service.hpp"

#include "ingest/durable_write.hpp"
#include "ingest/errc.hpp"
#include "ingest/scan_changes.hpp"
#include "ingest/scan_cursor.hpp"
#include "ingest/scan_json.hpp"
#include "ingest/scan_judgement.hpp"
#include "model/events.hpp"
#include "model/task_fold.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::milliseconds;

constexpr milliseconds findings_patience{500};
/// Of a list, before other requests get their turn: less than a millisecond.
constexpr std::size_t written_at_once = 32;
/// Endpoints of a scan, which take some 100 µs.
constexpr std::size_t built_here = 32;
/// So often one who waits looks whether its connection is still there.
constexpr std::chrono::seconds wait_slice{5};

/// For each partition the last of what these tasks have produced.
std::vector<model::produced_position> produced_by(const std::vector<views::listed_task>& tasks) {
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> last;
  for (const auto& listed : tasks) {
    if (!model::is_terminal(listed.task.current.state)) continue;
    for (const auto& place : listed.task.produced) {
      auto& held =
          last.emplace(std::pair(place.topic, place.partition), place.offset).first->second;
      held = std::max(held, place.offset);
    }
  }
  std::vector<model::produced_position> out;
  for (const auto& [place, offset] : last)
    out.push_back({place.first, place.second, offset});
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

result<scan_order> scan_service::parse_order(const json& body, const std::string& owner) const {
  return rules_->parse(body, owner);
}

awaitable<result<scan_order>> scan_service::read_order(std::string body, caller who) {
  auto depth = limits_.json_depth;
  if (workers_.is_small(body.size())) co_return rules_->read(body, depth, who.user_id);
  std::function<result<scan_order>()> work = [rules = rules_, depth, body = std::move(body),
                                              owner = who.user_id] {
    return rules->read(body, depth, owner);
  };
  auto order = co_await workers_.run(turn_of(who), deadline(), std::move(work));
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
      auto attached = co_await attach(*known->task, std::move(order), std::move(request_id), until);
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
/// milliseconds. `produced`: where that is.
awaitable<model::task_state> scan_service::shown_state(
    model::task_state state, std::vector<model::produced_position> produced, steady_time until) {
  if (!model::is_terminal(state) || produced.empty()) co_return state;
  bool visible = co_await entities_.wait_until_passed(std::move(produced), until);
  if (!visible) state = model::task_state::running;
  co_return state;
}

awaitable<result<json>> scan_service::look_up(std::string id, model::group_list groups,
                                              milliseconds wait, std::function<bool()> given_up) {
  auto asked = model::read_task_id(id);
  if (!asked) co_return no_scan_id(id);
  auto task = std::move(*asked);
  auto found = co_await tasks_.find(task, groups, deadline());
  if (found && *found && wait.count() > 0) {
    auto mark = (*found)->mark();
    auto until = clock_.steady_now() + wait;
    while (!hurrying_ && found && *found && !(*found)->has_news_since(mark)) {
      auto now = clock_.steady_now();
      if (now >= until || (given_up && given_up())) break;
      auto slice = given_up ? std::min(until, now + wait_slice) : until;
      found = co_await tasks_.wait_for_change(task, groups, mark, slice);
    }
  }
  if (!found) co_return as_answer(found.error());
  if (auto shown = check_found(*found); !shown) co_return shown.error();
  auto state = (*found)->generation->state;
  if ((*found)->is_current()) {
    auto until = clock_.steady_now() + findings_patience;
    state = co_await shown_state(state, (*found)->task.produced, until);
  }
  bool here = builder_ == nullptr || (*found)->task.results.size() <= built_here;
  if (here) co_return to_json(**found, state);
  std::function<json()> work = [one = std::move(**found), state] { return to_json(one, state); };
  auto built = co_await builder_->run<json>(std::move(work));
  co_return built;
}

/// Of one scan in a list; on the builder's thread where it is long.
awaitable<std::string> scan_service::text_of(views::listed_task listed, model::task_state shown,
                                             bool whole) {
  bool here = builder_ == nullptr || !whole || listed.task.results.size() <= built_here;
  std::function<std::string()> work = [listed = std::move(listed), shown, whole] {
    auto told = to_json(listed, shown);
    if (!whole) leave_out_results(told, listed.task);
    return model::to_text(told);
  };
  if (here) co_return work();
  auto built = co_await builder_->run<std::string>(std::move(work));
  co_return built;
}

/// What all of these have produced has to be seen together: one wait for the whole page.
awaitable<result<std::string>> scan_service::list(views::list_query query) {
  bool whole = query.target.has_value();
  auto end = deadline();
  auto found = co_await tasks_.list(std::move(query), end);
  if (!found) co_return as_answer(found.error());
  auto loop = co_await asio::this_coro::executor;
  auto until = clock_.steady_now() + findings_patience;
  auto all = produced_by(found->tasks);
  auto seen = co_await shown_state(model::task_state::done, std::move(all), until);
  bool all_seen = seen == model::task_state::done;
  std::string scans;
  std::size_t written = 0;
  auto next = found->next;
  for (auto& listed : found->tasks) {
    if (++written % written_at_once == 0) co_await asio::post(loop, asio::use_awaitable);
    const auto& task = listed.task;
    auto state = task.current.state;
    if (!all_seen) state = co_await shown_state(state, task.produced, until);
    auto place = views::list_place{task.current.requested, task.current.id};
    bool last = &listed == &found->tasks.back();
    auto text = co_await text_of(std::move(listed), state, whole);
    scans += (scans.empty() ? "" : ",") + text;
    bool full = scans.size() >= limits_.http_answer_bytes || clock_.steady_now() > end;
    if (!full || last) continue;
    next = place;
    break;
  }
  std::string out = "{";
  if (next) out += "\"next\":\"" + to_cursor(*next) + "\",";
  out += "\"scans\":[" + scans + "]}";
  co_return out;
}

void scan_service::hurry() {
  hurrying_ = true;
  tasks_.end_waits();
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
