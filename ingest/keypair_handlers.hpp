#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "ingest/router.hpp"
#include "queue/io.hpp"
#include "views/credential_view.hpp"

namespace sonde::ingest {

/// `/api/auth/v2`: callers make keys for themselves, see them, and revoke them. `admin` sees and
/// revokes everybody's.
///
/// Lives on the loop of the view. What it has written is known to the view when it answers, so
/// that a new key works at once and a revoked one does not.
class keypair_service {
 public:
  keypair_service(executor loop, queue::backend& queue, views::credential_view& credentials,
                  random_source random, const limits& limits, const clock& clock, logger& log);

  awaitable<http_response> make(http_request request);
  awaitable<http_response> show_own(http_request request);
  awaitable<http_response> list(http_request request);
  awaitable<http_response> revoke(http_request request, std::string id);
  /// Waits for writes that nobody waits for any more.
  awaitable<void> stop();

 private:
  [[nodiscard]] steady_time deadline() const;
  awaitable<result<>> write(record one, steady_time until);

  queue::backend& queue_;
  views::credential_view& credentials_;
  random_source random_;
  const limits& limits_;
  const clock& clock_;
  logger& log_;
  task_group writes_;
};

void add_keypair_routes(router& to, keypair_service& keys);

}  // namespace sonde::ingest
