#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "ingest/handlers.hpp"
#include "queue/io.hpp"
#include "views/credential_view.hpp"
#include "views/entity_view.hpp"
#include "views/task_view.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sonde::daemon {

/// What has to go on for a process to be ready. Pointers may be null: there is no such part.
struct essential_parts {
  queue::backend* queue = nullptr;
  views::task_view* tasks = nullptr;
  views::entity_view* entities = nullptr;
  views::credential_view* credentials = nullptr;
  /// Threads by name, each of which has to come to new work.
  std::vector<std::pair<std::string, executor>> threads;
  /// Whether requests that are not taken in are this process's fault: one process has the queue.
  bool alone = false;
};

/// Whether the process gets on with its work, part by part. Looks when it is asked, and not more
/// than once a second: while nobody asks it costs nothing. Lives on the loop of HTTP.
class readiness {
 public:
  /// `parts` and the clock outlive it.
  readiness(essential_parts parts, const clock& clock);

  awaitable<std::vector<ingest::component>> ask();

 private:
  awaitable<std::vector<ingest::component>> look();
  awaitable<ingest::component> intake();

  essential_parts parts_;
  const clock& clock_;
  std::vector<ingest::component> seen_;
  steady_time good_until_{};
  std::int64_t taken_in_ = -1;  ///< requests that were taken in when there was a lag first
  steady_time lag_since_{};
};

}  // namespace sonde::daemon
