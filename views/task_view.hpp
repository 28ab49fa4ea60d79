#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "model/scan_task.hpp"
#include "queue/io.hpp"
#include "views/view_standing.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::views {

/// What a reader who waits for news of a scan compares.
struct task_mark {
  model::task_state state = model::task_state::queued;
  model::task_progress progress;
  bool operator==(const task_mark&) const = default;
};

/// A task as it was found by the id of one of its generations.
struct found_task {
  model::scan_task task;
  /// The generation asked for: the current one, one of the history, or none where it is too old.
  std::optional<model::task_generation> generation;
  [[nodiscard]] bool is_current() const {
    return generation && generation->number == task.current.number;
  }
  /// What this is to one who waits.
  [[nodiscard]] task_mark mark() const;
  /// Whether one who waits wants to know: it has ended, or is not what it was.
  [[nodiscard]] bool has_news_since(const task_mark& before) const;
};

/// A queued or abandoned task, as much of it as a scheduler needs to choose.
struct waiting_task {
  model::target_key key;
  std::string scope;  ///< the groups, joined
  int priority = 0;
  wall_time requested{};
  std::string profile;
  std::string ports;
  std::int32_t partition = 0;
  std::uint32_t probes = 0;  ///< for each address; 0: as many as `profile` and `ports` say
};

/// Where a number of tasks stands against a limit.
struct queued_counts {
  std::uint64_t total = 0;
  std::uint64_t in_scope = 0;
};

/// What waits for its turn, for whoever watches the whole.
struct queue_summary {
  std::uint64_t scans = 0;
  std::optional<wall_time> oldest;  ///< requested; of the first thousand scopes
};

/// A task with messages for webhooks that have not been handed over.
struct owing_task {
  model::target_key key;
  std::int32_t partition = 0;
};

struct task_and_counts {
  std::optional<model::scan_task> task;
  queued_counts queued;
};

/// A task that somebody wants to know the standing of.
struct sought_task {
  model::target_key key;
  bool webhooks = false;  ///< also which ones it has, which takes longer
};

/// As much of a task as it takes to judge whether it will do.
struct task_standing {
  model::task_id id;  ///< of the current generation
  std::uint64_t generation = 0;
  model::task_state state = model::task_state::queued;
  std::optional<wall_time> ended;
  std::vector<std::string> webhooks;  ///< their ids, where they were asked for
};

/// Where a task stands in a list: newest first, and by id where two are of the same moment.
struct list_place {
  wall_time requested{};
  model::task_id id;
  auto operator<=>(const list_place&) const = default;
};

struct list_query {
  model::group_list groups;  ///< of the reader
  std::optional<model::target> target;
  std::optional<model::task_state> state;
  std::optional<list_place> after;  ///< where the page before has ended
  std::size_t limit = 0;            ///< at least 1
};

/// A long list of ports, as a listing shows it.
struct port_list_summary {
  std::string head;  ///< its beginning, and an ellipsis
  std::uint32_t ports = 0;
  std::string sha256;  ///< of the whole text, in hexadecimal
};

struct listed_task {
  /// Without what lists do not show. Those of a target are whole.
  model::scan_task task;
  std::optional<port_list_summary> ports;  ///< stands for the task's `profile`
};

struct task_list {
  std::vector<listed_task> tasks;
  std::optional<list_place> next;  ///< where this page has ended, if others follow
};

/// `scan.requests`, `scan.tasks` and `scan.progress`, as a table of tasks.
///
/// A request shows at once, folded provisionally by the same function as the scheduler's; a
/// snapshot replaces what it has folded. All functions may be called from any loop; they run on
/// the view's own, and return values.
class task_view {
 public:
  virtual ~task_view() = default;

  /// The task of a key, after everything has been folded that was on the topics when this was
  /// called. Fails at the deadline.
  virtual awaitable<result<std::optional<model::scan_task>>> find(model::target_key key,
                                                                  steady_time deadline) = 0;
  /// The same, and how many are queued: all that is needed to judge a new request, in one go.
  virtual awaitable<result<task_and_counts>> find_with_counts(model::target_key key,
                                                              std::string scope,
                                                              steady_time deadline) = 0;
  /// The same, by the id of any of its generations, if one of these groups may see it. What is not
  /// there yet is waited for until the view has caught up; what is there is answered at once. A
  /// hidden task takes the path of one that is not there.
  virtual awaitable<result<std::optional<found_task>>> find(model::task_id id,
                                                            model::group_list groups,
                                                            steady_time deadline) = 0;
  /// The task that `find` has found, as soon as its state or progress is another than `since`, or
  /// at the deadline; at once where it has ended.
  virtual awaitable<result<std::optional<found_task>>> wait_for_change(model::task_id id,
                                                                       model::group_list groups,
                                                                       task_mark since,
                                                                       steady_time deadline) = 0;
  /// Ends these waits, and those that come later. From any loop.
  virtual void end_waits() = 0;
  /// Tasks that these groups may see, newest first, read from columns. What they may not see shows
  /// neither in the pages nor in the time they take. A page ends early at `limits::read_rows`, at
  /// `limits::http_answer_bytes` or at the deadline; `next` goes on from there.
  virtual awaitable<result<task_list>> list(list_query query, steady_time deadline) = 0;

  /// For many requests at once: first this, which returns when everything has been folded that was
  /// on the topics when it was called, or fails at the deadline; then `standings`, any number of
  /// times, which waits for nothing.
  virtual awaitable<result<queued_counts>> catch_up_and_count(std::string scope,
                                                              steady_time deadline) = 0;
  virtual awaitable<std::vector<std::optional<task_standing>>> standings(
      std::vector<sought_task> sought) = 0;

  virtual awaitable<queued_counts> count_queued(std::string scope) = 0;
  virtual awaitable<queue_summary> summarise_queue() = 0;
  virtual awaitable<view_standing> standing() = 0;

  // For the scheduler, which owns the snapshots:

  /// The snapshot of a key as it was last published, without requests that wait.
  virtual awaitable<std::optional<model::scan_task>> snapshot(model::target_key key) = 0;
  /// Tasks whose snapshot is not terminal, of these partitions and one scope, in the order in
  /// which they are to run.
  virtual awaitable<std::vector<waiting_task>> waiting(std::vector<std::int32_t> partitions,
                                                       std::string scope, std::size_t limit) = 0;
  /// The scopes that have any in these partitions, in their order after the one given.
  virtual awaitable<std::vector<std::string>> waiting_scopes(std::vector<std::int32_t> partitions,
                                                             std::string after,
                                                             std::size_t limit) = 0;
  /// Tasks of these partitions whose snapshot has `pending` messages, any of them first.
  virtual awaitable<std::vector<owing_task>> owing(std::vector<std::int32_t> partitions,
                                                   std::size_t limit) = 0;
  /// Returns once the record at this position of one of its topics has been folded.
  virtual awaitable<bool> wait_until_folded(queue::position place, steady_time deadline) = 0;

  /// Ends folding. Call once, before the loop is joined.
  virtual awaitable<void> stop() = 0;
};

/// The scope as one text, by which tasks are counted and take turns.
[[nodiscard]] std::string scope_text(const model::group_list& groups);

/// Opens the view's file (or none: in memory) and begins to fold on `loop`, which has not been
/// started yet or is the caller's own.
[[nodiscard]] result<std::unique_ptr<task_view>> open_task_view(
    executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
    const limits& limits, logger& log);

}  // namespace sonde::views
