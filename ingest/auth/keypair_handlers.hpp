#pragma once

#include "admin/key_changes.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/router.hpp"
#include "views/credential_view.hpp"
#include "views/limits.hpp"

namespace sonde::ingest {

/// The limits that the key service reads. They outlive it.
struct keypair_bounds {
  /// Refers to the parts of a struct that contains all of them. The conversion is implicit, so that
  /// callers can pass that struct.
  template <class All>
  keypair_bounds(const All& all) : http(all), keys(all) {}  // NOLINT

  const http_limits& http;
  const views::limits& keys;
};

/// Implements `/api/auth/v2`: callers create, list and revoke their own keys. `admin` lists and
/// revokes the keys of all users.
///
/// Lives on the view's loop. The view has folded a change before the response is sent, so a new key
/// works immediately and a revoked one does not.
class keypair_service {
 public:
  keypair_service(admin::key_changes& changes, views::credential_view& credentials,
                  keypair_bounds bounds, const clock& clock, logger& log);

  awaitable<http_response> make(http_request request);
  awaitable<http_response> show_own(http_request request);
  awaitable<http_response> list(http_request request);
  awaitable<http_response> revoke(http_request request, std::string id);

 private:
  [[nodiscard]] steady_time deadline() const;

  admin::key_changes& changes_;
  views::credential_view& credentials_;
  keypair_bounds bounds_;
  const clock& clock_;
  logger& log_;
};

void add_keypair_routes(router& to, keypair_service& keys);

}  // namespace sonde::ingest
