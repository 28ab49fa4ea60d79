#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/router.hpp"
#include "model/cached_response.hpp"
#include "queue/io.hpp"
#include "views/idempotency_view.hpp"

#include <map>
#include <string>

namespace sonde::ingest {

/// Implements `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a repeated POST or
/// DELETE with the same key of the same caller gets the first response again, with
/// `Idempotency-Replayed`.
///
/// The request is executed, its response is made durable, then the response is sent. A key that was
/// used for another request gets 422. A key whose first request is still running gets 409. Only
/// success is cached: a rejected request has changed nothing, so a corrected one may be sent under
/// the same key. A response that contains a secret is never cached; only its existence is recorded,
/// before the request is executed. Lives on the router's loop.
class idempotent_requests final : public middleware {
 public:
  /// The surroundings of the middleware. They outlive it.
  struct context {
    executor loop;
    queue::backend& queue;
    const http_limits& bounds;
    const clock& time;
    logger& log;
    metrics& counts;
  };
  idempotent_requests(const context& around, views::idempotency_view& answers);

  [[nodiscard]] bool concerns(const http_request& request) const override;
  awaitable<http_response> pass(http_request request, path_parameters parameters,
                                request_handler handler, secrecy what) override;
  /// Waits for writes that continue after their request has timed out.
  awaitable<void> stop();

 private:
  /// The cached response that the coroutines of one request pass on.
  using cached_response = model::cached_response;
  enum class importance { usual, urgent };

  [[nodiscard]] steady_time deadline() const;
  awaitable<http_response> look_up(http_request request, path_parameters parameters,
                                   request_handler handler, secrecy what, cached_response kept);
  awaitable<http_response> carry_out(http_request request, path_parameters parameters,
                                     request_handler handler, cached_response kept);
  awaitable<http_response> carry_out_secretly(http_request request, path_parameters parameters,
                                              request_handler handler, cached_response kept);
  awaitable<result<>> write(cached_response kept, cached_response::kind what,
                            importance how = importance::usual);
  http_response again(const cached_response& known, const cached_response& asked);
  void count(const char* result) { results_.at(result).add(); }

  queue::backend& queue_;
  views::idempotency_view& answers_;
  const http_limits& limits_;
  const clock& clock_;
  logger& log_;
  std::map<std::string, counter> results_;
  std::map<std::string, std::string> under_way_;  ///< hashes of running requests, by id
  task_group writes_;
};

}  // namespace sonde::ingest
