#pragma once

#include "base/async/event_loop.hpp"
#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"
#include "views/task_view.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// A task view on a queue in memory, for the tests in this directory.
namespace sonde::views::test_views {

using model::scan_task;
using model::task_state;
using std::chrono::hours;
using std::chrono::seconds;

inline constexpr int partitions = 2;

inline model::scan_request request(const std::string& target, std::uint64_t generation = 1,
                                   model::group_list visibility = {"public"}) {
  model::scan_request r;
  r.target = model::target::parse(target).value();
  r.profile = "standard";
  r.visibility = std::move(visibility);
  r.key = model::key_of(r.target, r.profile, r.visibility);
  r.generation = generation;
  r.requested = wall_time(seconds(1'767'323'045 + static_cast<int>(generation)));
  return r;
}

/// A queue and a view on it. The view can be closed and opened again.
struct task_world {
  task_world() {
    std::vector<queue::topic_spec> topics = {
        {.name = model::topics::scan_requests, .partitions = partitions},
        {.name = model::topics::scan_tasks,
         .partitions = partitions,
         .policy = queue::cleanup::compact},
        {.name = model::topics::scan_progress, .partitions = partitions, .retention = hours(1)}};
    queue = queue::make_memory_queue(topics, "test", clock, bounds, log).value();
    open();
  }
  ~task_world() {
    close();
    queue->close();
  }

  void open() {
    loop = std::make_unique<event_loop>("view");
    view = open_task_view(loop->get_executor(), *queue, folder.path() / "tasks.db", bounds, log)
               .value();
    loop->start();
  }
  void close() {
    test::run(view->stop());
    loop->join();
    view.reset();
  }

  queue::position put(record r) {
    std::vector<record> batch;
    batch.push_back(std::move(r));
    return test::run(queue->produce(std::move(batch))).value().front();
  }
  queue::position put(const model::scan_request& r) { return put(to_record(r, "request")); }
  queue::position put(const scan_task& t) { return put(to_record(t, wall_time{})); }

  std::optional<scan_task> find(const model::target_key& key) {
    return test::run(view->find(key, soon())).value();
  }
  std::optional<found_task> find(const model::task_id& id) { return find(id, {"public"}); }
  std::optional<found_task> find(const model::task_id& id, model::group_list groups) {
    return test::run(view->find(id, std::move(groups), soon())).value();
  }
  static steady_time soon() { return std::chrono::steady_clock::now() + seconds(20); }

  test::temporary_folder folder;
  system_clock clock;
  limits bounds;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  std::unique_ptr<event_loop> loop;
  std::unique_ptr<task_view> view;
};

inline scan_task snapshot_of(const model::scan_request& r, std::int64_t offset, std::uint64_t epoch,
                             std::uint64_t revision) {
  auto task = model::fold(std::nullopt, r, offset, 16);
  task.version = {epoch, revision};
  return task;
}

}  // namespace sonde::views::test_views
