#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "model/scan/scan_task.hpp"
#include "queue/io.hpp"
#include "views/limits.hpp"
#include "views/view_health.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// The values that a waiting reader of a scan compares to detect a change.
struct task_mark {
  model::task_state state = model::task_state::queued;
  model::task_progress progress;
  bool operator==(const task_mark&) const = default;
};

/// A task that was found by the id of one of its generations.
struct found_task {
  model::scan_task task;
  /// The requested generation: the current one, one of the history, or nothing if it is too old.
  std::optional<model::task_generation> generation;
  [[nodiscard]] bool is_current() const {
    return generation && generation->number == task.current.number;
  }
  /// Returns the values that a waiting reader compares.
  [[nodiscard]] task_mark mark() const;
  /// Returns whether a waiting reader must be notified: the scan has ended or has changed.
  [[nodiscard]] bool has_news_since(const task_mark& before) const;
};

/// A queued or abandoned task, with the fields by which a scheduler chooses.
struct waiting_task {
  model::target_key key;
  std::string visibility;  ///< the groups, joined
  int priority = 0;
  wall_time requested{};
  std::string profile;
  std::string ports;
  std::int32_t partition = 0;
  std::uint32_t probes = 0;  ///< per address; 0: derive from `profile` and `ports`
};

/// Numbers of queued tasks, to be compared with the limits.
struct queued_counts {
  std::uint64_t total = 0;
  std::uint64_t of_tenant = 0;
};

/// The queue as a whole, for monitoring.
struct queue_summary {
  std::uint64_t scans = 0;
  std::optional<wall_time> oldest;  ///< request time; of the first thousand visibilities
};

/// A task with an outbox: webhook messages that are not published yet.
struct outbox_task {
  model::target_key key;
  std::int32_t partition = 0;
};

struct task_and_counts {
  std::optional<model::scan_task> task;
  queued_counts queued;
};

/// A task whose summary is requested.
struct sought_task {
  model::target_key key;
  bool webhooks = false;  ///< also return its webhooks, which takes longer
};

/// The task summary: the fields that decide the freshness of a scan.
struct task_summary {
  model::task_id id;  ///< of the current generation
  std::uint64_t generation = 0;
  model::task_state state = model::task_state::queued;
  std::optional<wall_time> ended;
  std::vector<std::string> webhooks;  ///< their ids, if requested
  std::optional<model::scan_depth> depth = {};
  /// The number for another scan: that of the one that waits for the end of the current scan, or a
  /// new one.
  std::uint64_t next_generation = 1;
};

/// The position of a task in a list: newest first, then by id if two have the same time.
struct list_place {
  wall_time requested{};
  model::task_id id;
  auto operator<=>(const list_place&) const = default;
};

struct list_query {
  model::group_list groups;  ///< of the reader
  std::optional<model::target> target;
  std::optional<model::task_state> state;
  std::optional<list_place> after;  ///< the end of the previous page
  std::size_t limit = 0;            ///< at least 1
};

/// A long list of ports as a listing shows it.
struct port_list_summary {
  std::string head;  ///< its beginning, and an ellipsis
  std::uint32_t ports = 0;
  std::string sha256;  ///< of the whole text, in hexadecimal
};

struct listed_task {
  /// Holds only the fields that lists show. In the list of one target the tasks are complete.
  model::scan_task task;
  std::optional<port_list_summary> ports;  ///< replaces the task's `profile`
};

struct task_list {
  std::vector<listed_task> tasks;
  std::optional<list_place> next;  ///< the end of this page, if more pages follow
};

class task_queries;

/// The topics `scan.requests`, `scan.tasks` and `scan.progress` as a table of tasks.
///
/// A request is visible at once, folded provisionally by the same function that the scheduler uses.
/// A snapshot replaces the requests that it has folded. All functions may be called from any loop;
/// they run on the view's loop and return values.
class task_view {
 public:
  ~task_view();
  task_view(const task_view&) = delete;
  task_view& operator=(const task_view&) = delete;

  /// Returns the task of a key, after all records that were on the topics at the time of the call
  /// are folded. Fails at the deadline.
  awaitable<result<std::optional<model::scan_task>>> find(model::target_key key,
                                                          steady_time deadline);
  /// Returns also the numbers of queued tasks: all that the check of a new request needs, in one
  /// call.
  awaitable<result<task_and_counts>> find_with_counts(model::target_key key, std::string visibility,
                                                      steady_time deadline);
  /// Finds a task by the id of any of its generations, if one of the groups may see it. Returns a
  /// known task at once; waits for an unknown one until the view has caught up. A hidden task takes
  /// the path of a missing one.
  awaitable<result<std::optional<found_task>>> find(model::task_id id, model::group_list groups,
                                                    steady_time deadline);
  /// Returns the task that `find` has found, as soon as its state or progress differs from `since`,
  /// or at the deadline; at once if the scan has ended.
  awaitable<result<std::optional<found_task>>> wait_for_change(model::task_id id,
                                                               model::group_list groups,
                                                               task_mark since,
                                                               steady_time deadline);
  /// Ends these waits, and later ones at once. Callable from any loop.
  void end_waits();
  /// Returns tasks that these groups may see, newest first, read from columns. Hidden tasks affect
  /// neither the pages nor their duration. A page ends early at `limits::read_rows`, at
  /// `limits::http_answer_bytes` or at the deadline; `next` continues from there.
  awaitable<result<task_list>> list(list_query query, steady_time deadline);

  /// Serves many requests at once: call this first. It returns after all records that were on the
  /// topics at the time of the call are folded, or fails at the deadline. Then call `summaries_of`
  /// any number of times; it does not wait.
  awaitable<result<queued_counts>> catch_up_and_count(std::string visibility, steady_time deadline);
  awaitable<std::vector<std::optional<task_summary>>> summaries_of(std::vector<sought_task> sought);

  awaitable<queued_counts> count_queued(std::string visibility);
  awaitable<queue_summary> summarise_queue();
  awaitable<view_health> health();

  // For the scheduler, which owns the snapshots:

  /// Returns the snapshot of a key as it was last published, without waiting requests.
  awaitable<std::optional<model::scan_task>> snapshot(model::target_key key);
  /// Returns the tasks with a snapshot that is not terminal, of the given partitions and one
  /// visibility, in the order in which they are to run.
  awaitable<std::vector<waiting_task>> waiting(std::vector<std::int32_t> partitions,
                                               std::string visibility, std::size_t limit);
  /// Returns the visibilities with such tasks in these partitions, in order, after the given one.
  awaitable<std::vector<std::string>> waiting_visibilities(std::vector<std::int32_t> partitions,
                                                           std::string after, std::size_t limit);
  /// Returns tasks of the given partitions whose snapshot has an outbox (`pending`), in no
  /// particular order.
  awaitable<std::vector<outbox_task>> with_outbox(std::vector<std::int32_t> partitions,
                                                  std::size_t limit);
  /// Returns tasks of a partition that a fenced owner has written over. The last record of each of
  /// them is not its newest snapshot, and compaction would keep only that record. In the order of
  /// their keys, from the first key after `after`.
  awaitable<std::vector<model::target_key>> overwritten(std::int32_t partition, std::string after,
                                                        std::size_t limit);
  /// Returns true once the record at this position of one of the topics is folded; false at the
  /// deadline.
  awaitable<bool> wait_until_folded(queue::position place, steady_time deadline);

  /// Stops folding. Call once, before the loop is joined.
  awaitable<void> stop();

 private:
  friend result<std::unique_ptr<task_view>> open_task_view(
      executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
      const limits& limits, logger& log);

  task_view(executor loop, std::unique_ptr<task_queries> queries);

  executor loop_;
  std::unique_ptr<task_queries> queries_;  ///< on `loop_`
};

/// Returns the visibility as one text, by which tasks are counted and take turns.
[[nodiscard]] std::string visibility_text(const model::group_list& groups);

/// Opens the view's file (or none: in memory) and starts folding on `loop`. The loop has not been
/// started yet, or is the caller's loop.
[[nodiscard]] result<std::unique_ptr<task_view>> open_task_view(
    executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
    const limits& limits, logger& log);

}  // namespace sonde::views
