#include "views/task_view.hpp"

#include "base/async/hop.hpp"
#include "model/events.hpp"
#include "queue/errc.hpp"
#include "views/task_tables.hpp"
#include "views/task_watch.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

using model::scan_task;

/// Of a list, before others get their turn: about a millisecond.
constexpr std::size_t read_at_once = 32;

error list_late() {
  return fail(queue::errc::unavailable,
              "the task view is overloaded, and the list was not read in time; try again later");
}

std::optional<model::task_generation> generation_of(const scan_task& task,
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

class sqlite_task_view final : public task_view {
 public:
  sqlite_task_view(executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
                   const limits& limits, logger& log)
      : loop_(loop),
        limits_(limits),
        watch_(loop),
        tables_(limits,
                [this](const std::vector<std::string>& keys) {
                  last_read_.reset();
                  watch_.announce(keys);
                }),
        view_(loop, queue, tables_, std::move(file), log) {}

  [[nodiscard]] result<> start() { return view_.start(); }

  awaitable<result<std::optional<scan_task>>> find(model::target_key key,
                                                   steady_time deadline) override {
    auto work = [this, key = std::move(key), deadline] { return find_here(key, deadline); };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<result<task_and_counts>> find_with_counts(model::target_key key, std::string scope,
                                                      steady_time deadline) override {
    auto work = [this, key = std::move(key), scope = std::move(scope), deadline] {
      return find_and_count_here(key, scope, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<result<std::optional<found_task>>> find(model::task_id id, model::group_list groups,
                                                    steady_time deadline) override {
    auto work = [this, id = std::move(id), groups = std::move(groups), deadline] {
      return find_id_here(id, groups, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<result<std::optional<found_task>>> wait_for_change(model::task_id id,
                                                               model::group_list groups,
                                                               task_mark since,
                                                               steady_time deadline) override {
    auto work = [this, id = std::move(id), groups = std::move(groups), since, deadline] {
      return wait_here(id, groups, since, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  void end_waits() override {
    asio::post(loop_, [this] { watch_.end(); });
  }

  awaitable<result<task_list>> list(list_query query, steady_time deadline) override {
    auto work = [this, query = std::move(query), deadline] { return list_here(query, deadline); };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<result<queued_counts>> catch_up_and_count(std::string scope,
                                                      steady_time deadline) override {
    auto work = [this, scope = std::move(scope), deadline] { return count_here(scope, deadline); };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<std::vector<std::optional<task_standing>>> standings(
      std::vector<sought_task> sought) override {
    auto work = [this, sought = std::move(sought)] { return tables_.standings(sought); };
    return call_on(loop_, std::move(work));
  }

  awaitable<queued_counts> count_queued(std::string scope) override {
    auto work = [this, scope = std::move(scope)] { return tables_.count_queued(scope); };
    return call_on(loop_, std::move(work));
  }

  awaitable<queue_summary> summarise_queue() override {
    auto work = [this] { return tables_.summarise_queue(); };
    return call_on(loop_, std::move(work));
  }

  awaitable<view_standing> standing() override {
    auto work = [this] { return view_.standing(); };
    return call_on(loop_, std::move(work));
  }

  awaitable<std::optional<scan_task>> snapshot(model::target_key key) override {
    auto work = [this, key = std::move(key)] { return tables_.snapshot(key); };
    return call_on(loop_, std::move(work));
  }

  awaitable<std::vector<waiting_task>> waiting(std::vector<std::int32_t> partitions,
                                               std::string scope, std::size_t limit) override {
    auto work = [this, partitions = std::move(partitions), scope = std::move(scope), limit] {
      return tables_.backlog().waiting(partitions, scope, limit);
    };
    return call_on(loop_, std::move(work));
  }

  awaitable<std::vector<owing_task>> owing(std::vector<std::int32_t> partitions,
                                           std::size_t limit) override {
    auto work = [this, partitions = std::move(partitions), limit] {
      return tables_.backlog().owing(partitions, limit);
    };
    return call_on(loop_, std::move(work));
  }

  awaitable<std::vector<std::string>> waiting_scopes(std::vector<std::int32_t> partitions,
                                                     std::string after,
                                                     std::size_t limit) override {
    auto work = [this, partitions = std::move(partitions), after = std::move(after), limit] {
      return tables_.backlog().scopes(partitions, after, limit);
    };
    return call_on(loop_, std::move(work));
  }

  awaitable<bool> wait_until_folded(queue::position place, steady_time deadline) override {
    auto work = [this, place = std::move(place), deadline] {
      return wait_for_position(place, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<void> stop() override {
    auto work = [this] {
      watch_.end();
      return view_.stop();
    };
    return spawn_on(loop_, std::move(work));
  }

 private:
  awaitable<result<std::optional<scan_task>>> find_here(model::target_key key,
                                                        steady_time deadline) {
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("task");
    co_return tables_.task(key);
  }

  awaitable<result<task_and_counts>> find_and_count_here(model::target_key key, std::string scope,
                                                         steady_time deadline) {
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("task");
    task_and_counts out;
    out.task = tables_.task(key);
    out.queued = tables_.count_queued(scope);
    co_return out;
  }

  std::optional<found_task> look_up(const model::task_id& id, const model::group_list& groups) {
    auto key = tables_.key_of(id, groups);
    if (!key) return std::nullopt;
    // Many may wait for the same scan.
    if (!last_read_ || last_read_->key != *key) last_read_ = tables_.task(*key);
    if (!last_read_) return std::nullopt;
    return found_task{*last_read_, generation_of(*last_read_, id)};
  }

  awaitable<result<std::optional<found_task>>> find_id_here(model::task_id id,
                                                            model::group_list groups,
                                                            steady_time deadline) {
    auto found = look_up(id, groups);
    if (found) co_return found;
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("task");
    co_return look_up(id, groups);
  }

  /// A snapshot is parsed where its columns are not what they were.
  awaitable<result<std::optional<found_task>>> wait_here(model::task_id id,
                                                         model::group_list groups, task_mark since,
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

  awaitable<result<queued_counts>> count_here(std::string scope, steady_time deadline) {
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("task");
    co_return tables_.count_queued(scope);
  }

  awaitable<result<task_list>> list_here(list_query query, steady_time deadline) {
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("task");
    read_budget budget(limits_);
    auto page = tables_.list(query, budget);
    task_list out;
    out.next = page.next;
    std::optional<list_place> last;
    std::size_t read = 0;
    std::size_t bytes = 0;
    for (const auto& place : page.places) {
      // Whoever schedules meanwhile is not to wait for the whole page.
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

  /// False: it would make the page too long.
  bool put_listed(const list_query& query, const list_place& place, std::size_t& bytes,
                  std::vector<listed_task>& out) {
    auto found = tables_.summaries().find(place.id);
    // Requested again since: it stands at the front now.
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

  awaitable<bool> wait_for_position(queue::position place, steady_time deadline) {
    while (!view_.has_passed(place.topic, place.partition, place.offset)) {
      bool in_time = co_await view_.wait_for_fold(deadline);
      if (!in_time) co_return false;
    }
    co_return true;
  }

  executor loop_;
  const limits& limits_;
  task_watch watch_;
  std::optional<scan_task> last_read_;  ///< until the next change
  task_tables tables_;
  folding_view view_;
};

}  // namespace

task_mark found_task::mark() const {
  return {generation ? generation->state : task.current.state, task.progress};
}

bool found_task::has_news_since(const task_mark& before) const {
  if (!generation || model::is_terminal(generation->state)) return true;
  if (generation->state != before.state) return true;
  return is_current() && task.progress != before.progress;
}

result<std::unique_ptr<task_view>> open_task_view(executor loop, queue::backend& queue,
                                                  std::optional<std::filesystem::path> file,
                                                  const limits& limits, logger& log) {
  auto view =
      std::make_unique<sqlite_task_view>(std::move(loop), queue, std::move(file), limits, log);
  if (auto started = view->start(); !started) return started.error();
  return std::unique_ptr<task_view>(std::move(view));
}

}  // namespace sonde::views
