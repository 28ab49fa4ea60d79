#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "ingest/router.hpp"
#include "views/credential_view.hpp"
#include "views/key_changes.hpp"

namespace sonde::ingest {

/// `/api/auth/v2`: callers make keys for themselves, see them, and revoke them. `admin` sees and
/// revokes everybody's.
///
/// Lives on the loop of the view. What it has written is known to the view when it answers, so
/// that a new key works at once and a revoked one does not.
class keypair_service {
 public:
  keypair_service(views::key_changes& changes, views::credential_view& credentials,
                  const limits& limits, const clock& clock, logger& log);

  awaitable<http_response> make(http_request request);
  awaitable<http_response> show_own(http_request request);
  awaitable<http_response> list(http_request request);
  awaitable<http_response> revoke(http_request request, std::string id);

 private:
  [[nodiscard]] steady_time deadline() const;

  views::key_changes& changes_;
  views::credential_view& credentials_;
  const limits& limits_;
  const clock& clock_;
  logger& log_;
};

void add_keypair_routes(router& to, keypair_service& keys);

}  // namespace sonde::ingest
