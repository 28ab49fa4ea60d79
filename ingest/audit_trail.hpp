#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "ingest/rate_limit.hpp"
#include "model/audit_entry.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <vector>

namespace sonde::ingest {

/// Writes who has asked for which change to the topic `audit`, accepted or refused, and by setting
/// to the log as well.
///
/// An entry is durable a moment after its answer: a crash loses those of the last tenths of a
/// second. What strangers send is limited, and while the queue takes nothing so is what waits; how
/// many entries were left out stands in the next one. Lives on one loop.
class audit_trail {
 public:
  /// `logged`: every entry is a line of the log too.
  audit_trail(executor loop, queue::backend& queue, const clock& clock, logger& log,
              metrics& counts, bool logged);

  void start();
  /// Writes what waits, with one try.
  awaitable<void> stop();

  /// Whether every entry is a line of the log too.
  void set_logged(bool logged) { logged_ = logged; }
  /// Takes an entry; its time is now. `known`: the caller has shown who they are, and was not
  /// turned away at once. Of others only some are written.
  void note(model::audit_entry entry, bool known);

 private:
  awaitable<void> write_all();
  void write_line(const model::audit_entry& entry);
  void note_lost(const model::audit_entry& entry);

  queue::backend& queue_;
  const clock& clock_;
  logger& log_;
  counter lost_;
  bool logged_;
  std::vector<model::audit_entry> waiting_;
  std::uint64_t left_out_ = 0;
  rate_limit strangers_;
  condition came_;
  stop_signal stop_;
  task_group work_;
};

}  // namespace sonde::ingest
