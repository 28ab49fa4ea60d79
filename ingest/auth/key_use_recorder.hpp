#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "views/credential_view.hpp"

#include <vector>

namespace sonde::ingest {

/// Records when API keys are used, once an hour per key, so that unused keys can be found.
///
/// Lives on the view's loop. A failed write is retried together with the next one.
class key_use_recorder {
 public:
  key_use_recorder(executor loop, queue::backend& queue, views::credential_view& credentials,
                   const clock& clock, logger& log);

  void start();
  /// Records the remaining uses if that takes only a moment. Call before the view is stopped.
  awaitable<void> stop();

 private:
  awaitable<void> record_now_and_then();
  awaitable<void> record();

  executor loop_;
  queue::backend& queue_;
  views::credential_view& credentials_;
  const clock& clock_;
  logger& log_;
  std::vector<model::key_use> uses_;
  task_group writes_;
  task_group work_;
};

}  // namespace sonde::ingest
