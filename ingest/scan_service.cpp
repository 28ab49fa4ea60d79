#include "ingest/scan_service.hpp"

#include "ingest/durable_write.hpp"
#include "ingest/errc.hpp"
#include "ingest/record_fit.hpp"
#include "ingest/scan_changes.hpp"
#include "ingest/scan_cursor.hpp"
#include "ingest/scan_json.hpp"
#include "ingest/scan_judgement.hpp"
#include "model/events.hpp"
#include "model/task_fold.hpp"

#include <algorithm>
#include <limits>
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

error invalid(const char* field, const std::string& what) {
  return fail(errc::invalid, std::string(field) + ": " + what);
}

/// An optional string field; an error where it is something else.
result<std::optional<std::string>> text_field(const json& body, const char* name) {
  auto found = body.find(name);
  if (found == body.end()) return std::optional<std::string>();
  if (found->is_string()) return std::optional(found->get<std::string>());
  return invalid(name, "is not a text but of the type " + std::string(found->type_name()));
}

/// An optional integer field between these bounds.
result<std::optional<std::int64_t>> number_field(const json& body, const char* name,
                                                 std::int64_t least, std::int64_t most) {
  auto found = body.find(name);
  if (found == body.end()) return std::optional<std::int64_t>();
  bool fits = found->is_number_integer() &&
              (!found->is_number_unsigned() ||
               found->get<std::uint64_t>() <=
                   static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  auto value = fits ? found->get<std::int64_t>() : 0;
  if (fits && value >= least && value <= most) return std::optional(value);
  return invalid(name,
                 "is no integer between " + std::to_string(least) + " and " + std::to_string(most));
}

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

constexpr std::int64_t longest_age_s = std::int64_t{10} * 365 * 24 * 3600;

}  // namespace

scan_service::scan_service(executor loop, queue::backend& queue, views::task_view& tasks,
                           views::entity_view& entities, model::profile_book profiles,
                           std::shared_ptr<const model::address_scope> scope, const limits& limits,
                           const clock& clock, logger& log)
    : queue_(queue),
      tasks_(tasks),
      entities_(entities),
      profiles_(std::move(profiles)),
      scope_(std::move(scope)),
      limits_(limits),
      clock_(clock),
      writes_(loop, log, "scan service"),
      bulk_turn_(loop) {}

steady_time scan_service::deadline() const {
  return clock_.steady_now() + milliseconds(limits_.http_answer_timeout_ms);
}

result<scan_order> scan_service::parse_order(const json& body, const std::string& owner) const {
  if (auto known = model::check_fields(
          body, {"target", "webhook", "profile", "ports", "max_age", "priority"});
      !known) {
    return fail(errc::invalid, known.error().message());
  }
  auto target = text_field(body, "target");
  if (!target) return target.error();
  if (!*target) return invalid("target", "is missing; give an IP address or a name");
  scan_order out;
  auto parsed = model::target::parse(**target);
  if (!parsed) return invalid("target", parsed.error().message());
  out.target = std::move(*parsed);
  if (auto judged = scope_->judge(out.target);
      judged.what != model::address_scope::verdict::in_scope) {
    return invalid("target", judged.reason);
  }
  auto profile = text_field(body, "profile");
  if (!profile) return profile.error();
  auto ports = text_field(body, "ports");
  if (!ports) return ports.error();
  if (*profile && *ports) {
    return invalid("ports", "is given together with profile; give one of them");
  }
  out.profile = profile->value_or(model::default_profile);
  if (*ports) {
    auto canonical = model::port_set::parse(**ports);
    if (!canonical) return invalid("ports", canonical.error().message());
    out.profile = canonical->text();
    auto fits = check_ports_fit(out.profile, limits_.record_max_bytes);
    if (!fits) return fits.error();
  } else {
    const auto* known = profiles_.find(out.profile);
    if (known == nullptr) {
      return invalid("profile", profiles_.unknown(out.profile).message());
    }
    if (!profiles_.is_built_in(out.profile)) out.ports = known->text();
  }
  auto max_age = number_field(body, "max_age", 0, longest_age_s);
  if (!max_age) return max_age.error();
  if (*max_age) out.max_age = std::chrono::seconds(**max_age);
  auto priority = number_field(body, "priority", model::lowest_priority, model::highest_priority);
  if (!priority) return priority.error();
  out.priority = static_cast<int>(priority->value_or(0));
  if (auto hook = body.find("webhook"); hook != body.end()) {
    auto parsed_hook = parse_webhook(*hook, owner);
    if (!parsed_hook) return parsed_hook.error();
    out.webhook = std::move(*parsed_hook);
  }
  return out;
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
  if (!model::is_task_id(id)) co_return no_scan_id(id);
  model::task_id task(std::move(id));
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
  scope_ = std::move(scope);
}

awaitable<void> scan_service::stop() {
  co_await writes_.join();
}

}  // namespace sonde::ingest
