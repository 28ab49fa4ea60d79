#include "views/task_queries.hpp"

#include "queue/errc.hpp"

#include <algorithm>
#include <chrono>

namespace sonde::views {
namespace {

/// The number of list entries read before other work runs: about a millisecond.
constexpr std::size_t read_at_once = 32;

error list_late() {
  return fail(queue::errc::unavailable,
              "the task view is overloaded, and the list was not read in time; try again later");
}

std::optional<model::task_generation> generation_of(const model::scan_task& task,
                                                    const model::task_id& id) {
  if (task.current.id == id) return task.current;
  auto past = std::ranges::find(task.history, id, &model::task_generation::id);
  if (past != task.history.end()) return *past;
  if (task.next && task.next->id() == id) {
    model::task_generation waiting;
    waiting.number = task.next->generation;
    waiting.id = id;
    waiting.requested = task.next->requested;
    if (task.next->cancelled) waiting.state = model::task_state::cancelled;
    return waiting;
  }
  return std::nullopt;
}

}  // namespace

task_queries::task_queries(executor loop, queue::backend& queue,
                           std::optional<std::filesystem::path> file, const limits& limits,
                           logger& log)
    : loop_(loop),
      limits_(limits),
      watch_(loop),
      tables_(limits,
              [this](const std::vector<std::string>& keys) {
                last_read_.reset();
                watch_.announce(keys);
              }),
      view_(loop, queue, tables_, std::move(file), log) {}

awaitable<void> task_queries::stop() {
  watch_.end();
  return view_.stop();
}

awaitable<result<std::optional<model::scan_task>>> task_queries::find(model::target_key key,
                                                                      steady_time deadline) {
  auto caught_up = co_await view_.catch_up(deadline);
  if (!caught_up) co_return caught_up.error();
  co_return tables_.task(key);
}

awaitable<result<task_and_counts>> task_queries::find_with_counts(model::target_key key,
                                                                  std::string visibility,
                                                                  steady_time deadline) {
  auto caught_up = co_await view_.catch_up(deadline);
  if (!caught_up) co_return caught_up.error();
  task_and_counts out;
  out.task = tables_.task(key);
  out.queued = tables_.count_queued(visibility);
  co_return out;
}

std::optional<found_task> task_queries::look_up(const model::task_id& id,
                                                const model::group_list& groups) {
  auto key = tables_.key_of(id, groups);
  if (!key) return std::nullopt;
  // Many calls may wait for the same scan.
  if (!last_read_ || last_read_->key != *key) last_read_ = tables_.task(*key);
  if (!last_read_) return std::nullopt;
  return found_task{*last_read_, generation_of(*last_read_, id)};
}

awaitable<result<std::optional<found_task>>> task_queries::find_by_id(model::task_id id,
                                                                      model::group_list groups,
                                                                      steady_time deadline) {
  auto found = look_up(id, groups);
  if (found) co_return found;
  auto caught_up = co_await view_.catch_up(deadline);
  if (!caught_up) co_return caught_up.error();
  co_return look_up(id, groups);
}

awaitable<result<std::optional<found_task>>> task_queries::wait_for_change(model::task_id id,
                                                                           model::group_list groups,
                                                                           task_mark since,
                                                                           steady_time deadline) {
  auto key = tables_.key_of(id, groups);
  bool more = key.has_value();
  while (more) {
    if (tables_.summaries().mark_of(*key, id) != since) {
      auto found = look_up(id, groups);
      if (!found || found->has_news_since(since)) co_return found;
    }
    more = co_await watch_.wait_until(key->str(), deadline);
  }
  co_return look_up(id, groups);
}

awaitable<result<task_list>> task_queries::list(list_query query, steady_time deadline) {
  auto caught_up = co_await view_.catch_up(deadline);
  if (!caught_up) co_return caught_up.error();
  read_budget budget(limits_);
  auto page = tables_.list(query, budget);
  task_list out;
  out.next = page.next;
  std::optional<list_place> last;
  std::size_t read = 0;
  std::size_t bytes = 0;
  for (const auto& place : page.places) {
    // Lets the scheduler run before the page is complete.
    if (++read % read_at_once == 0) co_await asio::post(loop_, asio::use_awaitable);
    bool late = std::chrono::steady_clock::now() > deadline;
    if (late && !last) co_return list_late();
    bool full = late || !put_listed(query, place, bytes, out.tasks);
    if (full) {
      out.next = last;
      break;
    }
    last = place;
  }
  co_return out;
}

/// Adds a task to the page. Returns false if that would make the page too long.
bool task_queries::put_listed(const list_query& query, const list_place& place, std::size_t& bytes,
                              std::vector<listed_task>& out) {
  auto found = tables_.summaries().find(place.id);
  // The target was requested again; the new generation is at the front now.
  if (!found) return true;
  if (query.target) {
    bytes += tables_.summaries().bytes_of(found->task.key);
    if (bytes > limits_.http_answer_bytes && !out.empty()) return false;
    auto whole = tables_.task(found->task.key);
    if (!whole) return true;
    found->task = std::move(*whole);
  }
  out.push_back(std::move(*found));
  return true;
}

awaitable<result<queued_counts>> task_queries::catch_up_and_count(std::string visibility,
                                                                  steady_time deadline) {
  auto caught_up = co_await view_.catch_up(deadline);
  if (!caught_up) co_return caught_up.error();
  co_return tables_.count_queued(visibility);
}

awaitable<bool> task_queries::wait_until_folded(queue::position place, steady_time deadline) {
  auto& follower = view_.follower();
  std::function<bool()> folded = [&follower, &place] {
    return follower.has_passed(place.topic, place.partition, place.offset);
  };
  bool in_time = co_await follower.wait_until(std::move(folded), deadline);
  co_return in_time;
}

}  // namespace sonde::views
