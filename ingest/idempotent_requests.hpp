#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "ingest/router.hpp"
#include "model/kept_answer.hpp"
#include "queue/io.hpp"
#include "views/idempotency_view.hpp"

#include <map>
#include <string>

namespace sonde::ingest {

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a POST or DELETE that comes again
/// under the same key of the same caller gets the answer that it got, with `Idempotency-Replayed`.
///
/// The request is carried out, then its answer is made durable, then it goes out. What comes under
/// a key of another request is 422, what comes while the first is under way 409. Only success is
/// kept: whatever was refused has changed nothing and may be sent again, mended, under the same
/// key. An answer with a secret is never kept, only that there was one, and that is written before
/// the request is carried out. Lives on the router's loop.
class idempotent_requests final : public passage {
 public:
  idempotent_requests(executor loop, queue::backend& queue, views::idempotency_view& answers,
                      const limits& limits, const clock& clock, logger& log, metrics& counts);

  [[nodiscard]] bool concerns(const http_request& request) const override;
  awaitable<http_response> pass(http_request request, path_parameters parameters,
                                request_handler handler, secrecy what) override;
  /// Waits for writes that nobody waits for any more.
  awaitable<void> stop();

 private:
  /// What the coroutines of one request hand on: what will be kept of it.
  using kept_answer = model::kept_answer;
  enum class importance { usual, urgent };

  [[nodiscard]] steady_time deadline() const;
  awaitable<http_response> look_up(http_request request, path_parameters parameters,
                                   request_handler handler, secrecy what, kept_answer kept);
  awaitable<http_response> carry_out(http_request request, path_parameters parameters,
                                     request_handler handler, kept_answer kept);
  awaitable<http_response> carry_out_secretly(http_request request, path_parameters parameters,
                                              request_handler handler, kept_answer kept);
  awaitable<result<>> write(kept_answer kept, kept_answer::kind what,
                            importance how = importance::usual);
  http_response again(const kept_answer& known, const kept_answer& asked);
  void count(const char* result) { results_.at(result).add(); }

  queue::backend& queue_;
  views::idempotency_view& answers_;
  const limits& limits_;
  const clock& clock_;
  logger& log_;
  std::map<std::string, counter> results_;
  std::map<std::string, std::string> under_way_;  ///< what is asked, by id
  task_group writes_;
};

}  // namespace sonde::ingest
