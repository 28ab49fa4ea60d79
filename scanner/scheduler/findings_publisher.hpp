#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "scanner/findings.hpp"
#include "scanner/scheduler/known_ports.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sonde::scanner {

/// What a publisher needs of the process. Outlives it.
struct publisher_tools {
  executor loop;      ///< that it lives on
  task_group& group;  ///< of that loop, in which it works
  stop_signal& stop;  ///< requested: what fails is not tried again
  executor helper;    ///< where records are made, which takes CPU time
  queue::backend& queue;
  known_ports& ports;
  const limits& bounds;
  const clock& time;
  logger& log;
};

/// Publishes what one run of a task finds: parts while it runs, and the rest at its end.
///
/// In every part entities come before associations, and an association's ends are in the same part
/// or an earlier one. A run that finds little publishes once, at its end. A part that the queue is
/// too full for is tried again; a record that no queue takes is counted and left out, and the
/// others go on. Lives on the scheduler's loop; held by a shared pointer, as its work outlives a
/// caller that goes away.
class findings_publisher : public std::enable_shared_from_this<findings_publisher> {
 public:
  /// `owned`: whether the task's partition is this process's. Called on the loop.
  findings_publisher(publisher_tools tools, const model::scan_task& task,
                     std::function<bool()> owned);

  /// Takes a part. With `published`, which is called when it is no longer held, the part is
  /// published now; otherwise with the next one or at the end.
  void take(model::scan_observation part, std::function<void()> published);
  /// From now on records are urgent (`record::urgent`).
  void make_urgent() { urgent_ = true; }
  /// Publishes the last part and all that is left. False: it had no right to, or the queue has
  /// failed for good. Then what comes is dropped.
  awaitable<bool> finish(model::scan_observation last);

  /// The last record of each partition.
  [[nodiscard]] std::vector<model::produced_position> produced() const;
  [[nodiscard]] std::vector<model::endpoint_result> results() const { return found_.results(); }
  [[nodiscard]] std::uint32_t results_total() const { return found_.results_total(); }
  [[nodiscard]] const findings_left_out& left_out() const { return found_.left_out(); }
  /// Records that the queue does not take.
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

  publisher_tools tools_;
  model::scan_task task_;
  std::string groups_;
  std::function<bool()> owned_;
  findings_collector found_;  ///< used on the helper's loop while a part is made into records
  std::deque<part> parts_;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> last_;
  std::uint32_t refused_ = 0;
  bool urgent_ = false;
  bool working_ = false;
  bool failed_ = false;
  condition idle_;
};

}  // namespace sonde::scanner
