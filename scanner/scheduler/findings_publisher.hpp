#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/limits.hpp"
#include "queue/produce_all.hpp"
#include "scanner/findings.hpp"
#include "scanner/scan_limits.hpp"
#include "scanner/scheduler/known_ports.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sonde::scanner {

/// The parts of the process that a publisher uses. Outlives the publisher.
struct publisher_tools {
  executor loop;      ///< the publisher's loop
  task_group& group;  ///< runs the publisher's work, on the same loop
  stop_signal& stop;  ///< once requested, failed writes are not retried
  executor helper;    ///< builds records, which takes CPU time
  queue::backend& queue;
  known_ports& ports;
  const scan_limits& bounds;
  const queue::limits& queue_bounds;
  const clock& time;
  logger& log;
};

/// Publishes the findings of one run of a task: parts while it runs, and the rest at its end.
///
/// In every part entities precede associations, and the ends of an association are in the same part
/// or an earlier one. A run with few findings publishes once, at its end. A part that does not fit
/// the queue is retried. A record that the queue rejects is counted and left out, and the others
/// are published. Lives on the scheduler's loop. Held by a shared pointer, as its work outlives a
/// cancelled caller.
class findings_publisher : public std::enable_shared_from_this<findings_publisher> {
 public:
  /// `owned`: tells whether this process owns the task's partition. Called on the loop.
  findings_publisher(publisher_tools tools, const model::scan_task& task,
                     std::function<bool()> owned);

  /// Takes a part. With `published` the part is published now, and `published` is called when the
  /// part is released; otherwise the part is published with the next one or at the end.
  void take(model::scan_observation part, std::function<void()> published);
  /// Prepares the end of the scan: from now on records are urgent (`record::urgent`), including
  /// those being retried.
  void hurry();
  /// Publishes the last part and all that is left. Returns false if the partition is not owned or
  /// the queue has failed permanently. Later parts are then dropped.
  awaitable<bool> finish(model::scan_observation last);

  /// Returns the position of the last record in each partition.
  [[nodiscard]] std::vector<model::produced_position> produced() const;
  [[nodiscard]] std::vector<model::endpoint_result> results() const { return found_.results(); }
  [[nodiscard]] std::uint32_t results_total() const { return found_.results_total(); }
  [[nodiscard]] const findings_left_out& left_out() const { return found_.left_out(); }
  /// Counts the records that the queue has rejected.
  [[nodiscard]] std::uint32_t refused() const { return refused_; }

 private:
  class at_work;
  struct part {
    model::scan_observation seen;
    std::function<void()> published;
  };

  void begin_work();
  awaitable<void> work(std::shared_ptr<findings_publisher> self);
  awaitable<void> publish_part(std::shared_ptr<const model::scan_observation> seen);
  awaitable<void> publish(std::vector<record> records);
  awaitable<result<queue::produced>> produce(std::vector<record> records);

  publisher_tools tools_;
  model::scan_task task_;
  std::string groups_;
  std::function<bool()> owned_;
  findings_collector found_;  ///< used on the helper's loop while records of a part are built
  std::deque<part> parts_;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> last_;
  std::uint32_t refused_ = 0;
  stop_signal hurry_;  ///< requested by `hurry`
  bool working_ = false;
  bool failed_ = false;
  condition idle_;
};

}  // namespace sonde::scanner
