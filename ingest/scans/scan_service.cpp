#include "ingest/scans/scan_service.hpp"

#include "ingest/http/durable_write.hpp"
#include "ingest/scans/scan_checks.hpp"
#include "ingest/scans/scan_cursor.hpp"
#include "ingest/scans/scan_freshness.hpp"
#include "ingest/scans/scan_json.hpp"
#include "model/scan/task_fold.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::milliseconds;

constexpr milliseconds findings_patience{500};
/// Entries of a list that are built before other requests get their turn: less than a millisecond.
constexpr std::size_t written_at_once = 32;
/// Endpoints of a scan that are built on this loop, which takes some 100 µs.
constexpr std::size_t built_here = 32;
/// Interval at which a waiting request checks whether its connection is still open.
constexpr std::chrono::seconds wait_slice{5};

/// Returns the last position in each partition that these tasks have produced.
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

scan_service::scan_service(const scan_context& context, order_rules rules)
    : context_(context),
      orders_(context, std::move(rules)),
      writer_(context),
      changes_(context, writer_),
      bulk_(context, orders_, writer_) {}

awaitable<result<scan_receipt>> scan_service::schedule(scan_order order, model::group_list groups,
                                                       std::string request_id) {
  auto until = context_.deadline();
  auto key = model::key_of(order.target, order.profile, groups);
  auto known = co_await context_.tasks.find_with_counts(std::move(key),
                                                        views::visibility_text(groups), until);
  if (!known) co_return as_answer(known.error());
  auto now = context_.time.now();
  std::uint64_t generation = 1;
  if (known->task) {
    auto task = concerned(std::move(*known->task), order);
    existing_scan there{task.current.state, task.current.ended, task.depth};
    scan_receipt receipt{task.current.id, std::string(name_of(there.state))};
    if (will_do(there, order, now)) {
      auto joined =
          co_await changes_.join(std::move(task), std::move(order), std::move(request_id), until);
      if (!joined) co_return joined.error();
      co_return receipt;
    }
    generation = model::next_generation(task);
  }
  if (auto room = check_room(known->queued, context_.bounds); !room) co_return room.error();
  auto request = to_request(std::move(order), std::move(groups), generation, now);
  auto id = request.id();
  auto written = co_await writer_.write(std::move(request), std::move(request_id), until);
  if (!written) co_return written.error();
  co_return scan_receipt{std::move(id), "new"};
}

/// Shows an ended scan as ended only when its findings can be read, which takes milliseconds.
/// `produced`: the positions of the findings.
awaitable<model::task_state> scan_service::shown_state(
    model::task_state state, std::vector<model::produced_position> produced, steady_time until) {
  if (!model::is_terminal(state) || produced.empty()) co_return state;
  bool visible = co_await context_.entities.wait_until_passed(std::move(produced), until);
  if (!visible) state = model::task_state::running;
  co_return state;
}

awaitable<result<json>> scan_service::look_up(std::string id, model::group_list groups,
                                              milliseconds wait, std::function<bool()> abandoned) {
  auto asked = model::read_task_id(id);
  if (!asked) co_return no_scan_id(id);
  auto task = std::move(*asked);
  auto found = co_await context_.tasks.find(task, groups, context_.deadline());
  if (found && *found && wait.count() > 0) {
    auto mark = (*found)->mark();
    auto until = context_.time.steady_now() + wait;
    while (!hurrying_ && found && *found && !(*found)->has_news_since(mark)) {
      auto now = context_.time.steady_now();
      if (now >= until || (abandoned && abandoned())) break;
      auto slice = abandoned ? std::min(until, now + wait_slice) : until;
      found = co_await context_.tasks.wait_for_change(task, groups, mark, slice);
    }
  }
  if (!found) co_return as_answer(found.error());
  if (auto shown = check_found(*found); !shown) co_return shown.error();
  auto state = (*found)->generation->state;
  if ((*found)->is_current()) {
    auto until = context_.time.steady_now() + findings_patience;
    state = co_await shown_state(state, (*found)->task.produced, until);
  }
  bool here = builder_ == nullptr || (*found)->task.results.size() <= built_here;
  if (here) co_return to_json(**found, state);
  std::function<json()> work = [one = std::move(**found), state] { return to_json(one, state); };
  auto built = co_await builder_->run<json>(std::move(work));
  co_return built;
}

/// Serialises one scan of a list; on the builder's thread if it is long.
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

/// Waits once for the records of all tasks of the page.
awaitable<result<std::string>> scan_service::list(views::list_query query) {
  bool whole = query.target.has_value();
  auto end = context_.deadline();
  auto found = co_await context_.tasks.list(std::move(query), end);
  if (!found) co_return as_answer(found.error());
  auto loop = co_await asio::this_coro::executor;
  auto until = context_.time.steady_now() + findings_patience;
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
    bool full =
        scans.size() >= context_.view_bounds.http_answer_bytes || context_.time.steady_now() > end;
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
  context_.tasks.end_waits();
}

awaitable<void> scan_service::stop() {
  co_await writer_.stop();
}

}  // namespace sonde::ingest
