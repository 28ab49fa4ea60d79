#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "ingest/http/rate_limit.hpp"
#include "model/auth/audit_entry.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <vector>

namespace sonde::ingest {

/// Writes an entry to the topic `audit` for every request that changes something, accepted or
/// refused, and to the log if that is configured.
///
/// Entries are written asynchronously after the response: a crash loses those of the last tenths
/// of a second. The rate of entries of unauthenticated callers and the number of waiting entries
/// are limited; the next entry says how many were left out. Lives on one loop.
class audit_trail {
 public:
  audit_trail(executor loop, queue::backend& queue, const clock& clock, logger& log,
              metrics& counts);

  void start();
  /// Tries once to write the waiting entries.
  awaitable<void> stop();

  /// Sets whether every entry is also logged; at first it is not.
  void set_logged(bool logged) { logged_ = logged; }
  /// Rate of entries. It is unlimited if the caller is authenticated and the response is neither
  /// 429 nor 503.
  enum class rate { unlimited, limited };
  /// Adds an entry with the current time.
  void note(model::audit_entry entry, rate how);

 private:
  awaitable<void> write_all();
  void write_line(const model::audit_entry& entry);
  void note_lost(const model::audit_entry& entry);

  queue::backend& queue_;
  const clock& clock_;
  logger& log_;
  counter lost_;
  bool logged_ = false;
  std::vector<model::audit_entry> waiting_;
  std::uint64_t left_out_ = 0;
  rate_limit strangers_;
  condition came_;
  stop_signal stop_;
  task_group work_;
};

}  // namespace sonde::ingest
