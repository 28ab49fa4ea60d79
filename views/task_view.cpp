#include "views/task_view.hpp"

#include "base/async/hop.hpp"
#include "model/events.hpp"
#include "views/task_tables.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

using model::scan_task;

/// Of a list, before others get their turn.
constexpr std::size_t read_at_once = 32;

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
      : loop_(loop), tables_(limits), view_(loop, queue, tables_, std::move(file), log) {}

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

  awaitable<result<std::optional<found_task>>> find(model::task_id id,
                                                    steady_time deadline) override {
    auto work = [this, id = std::move(id), deadline] { return find_id_here(id, deadline); };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<result<std::optional<found_task>>> wait_for_change(model::task_id id,
                                                               steady_time deadline) override {
    auto work = [this, id = std::move(id), deadline] { return wait_here(id, deadline); };
    return spawn_on(loop_, std::move(work));
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

  awaitable<bool> ready() override {
    auto work = [this] { return view_.caught_up_once(); };
    return call_on(loop_, std::move(work));
  }

  awaitable<std::optional<scan_task>> snapshot(model::target_key key) override {
    auto work = [this, key = std::move(key)] { return tables_.snapshot(key); };
    return call_on(loop_, std::move(work));
  }

  awaitable<std::vector<waiting_task>> waiting(std::vector<std::int32_t> partitions,
                                               std::string scope, std::size_t limit) override {
    auto work = [this, partitions = std::move(partitions), scope = std::move(scope), limit] {
      return tables_.waiting(partitions, scope, limit);
    };
    return call_on(loop_, std::move(work));
  }

  awaitable<std::vector<owing_task>> owing(std::vector<std::int32_t> partitions,
                                           std::size_t limit) override {
    auto work = [this, partitions = std::move(partitions), limit] {
      return tables_.owing(partitions, limit);
    };
    return call_on(loop_, std::move(work));
  }

  awaitable<std::vector<std::string>> waiting_scopes() override {
    auto work = [this] { return tables_.waiting_scopes(); };
    return call_on(loop_, std::move(work));
  }

  awaitable<bool> wait_until_folded(queue::position place, steady_time deadline) override {
    auto work = [this, place = std::move(place), deadline] {
      return wait_for_position(place, deadline);
    };
    return spawn_on(loop_, std::move(work));
  }

  awaitable<void> stop() override {
    auto work = [this] { return view_.stop(); };
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

  std::optional<found_task> look_up(const model::task_id& id) {
    auto key = tables_.key_of(id);
    if (!key) return std::nullopt;
    auto task = tables_.task(*key);
    if (!task) return std::nullopt;
    auto generation = generation_of(*task, id);
    return found_task{std::move(*task), std::move(generation)};
  }

  awaitable<result<std::optional<found_task>>> find_id_here(model::task_id id,
                                                            steady_time deadline) {
    auto found = look_up(id);
    if (found) co_return found;
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("task");
    co_return look_up(id);
  }

  awaitable<result<std::optional<found_task>>> wait_here(model::task_id id, steady_time deadline) {
    auto found = co_await find_id_here(id, deadline);
    if (!found || !*found) co_return found;
    auto first = **found;
    while (*found && !(*found)->has_news_since(first)) {
      bool in_time = co_await view_.changed().wait_until(deadline);
      if (!in_time) break;
      found = look_up(id);
    }
    co_return found;
  }

  awaitable<result<queued_counts>> count_here(std::string scope, steady_time deadline) {
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("task");
    co_return tables_.count_queued(scope);
  }

  awaitable<result<task_list>> list_here(list_query query, steady_time deadline) {
    bool in_time = co_await view_.catch_up(deadline);
    if (!in_time) co_return view_.behind("task");
    task_list out;
    auto places = tables_.list(query, query.limit + 1);
    if (places.size() > query.limit) {
      places.pop_back();
      out.next = places.back();
    }
    std::size_t read = 0;
    for (const auto& place : places) {
      // Whoever schedules meanwhile is not to wait for the whole page.
      if (++read % read_at_once == 0) co_await asio::post(loop_, asio::use_awaitable);
      auto found = look_up(place.id);
      // Asked for again since: it stands at the front now.
      if (!found || !found->is_current()) continue;
      if (!query.target) found->task.results.clear();
      out.tasks.push_back(std::move(found->task));
    }
    co_return out;
  }

  awaitable<bool> wait_for_position(queue::position place, steady_time deadline) {
    while (!view_.has_passed(place.topic, place.partition, place.offset)) {
      bool in_time = co_await view_.changed().wait_until(deadline);
      if (!in_time) co_return false;
    }
    co_return true;
  }

  executor loop_;
  task_tables tables_;
  folding_view view_;
};

}  // namespace

bool found_task::has_news_since(const found_task& before) const {
  if (!generation || !before.generation || model::is_terminal(generation->state)) return true;
  if (generation->state != before.generation->state) return true;
  return is_current() && task.progress != before.task.progress;
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
