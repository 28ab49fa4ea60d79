#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "ingest/auth/auth_limits.hpp"
#include "ingest/auth/caller_rates.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/http_message.hpp"
#include "ingest/http/router.hpp"
#include "model/auth/credential.hpp"
#include "views/credential_view.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sonde::ingest {

/// Builds a caller with these rights. The caller sees public data and the data of their groups.
[[nodiscard]] caller make_caller(std::string user_id, std::string user_name,
                                 std::vector<std::string> roles, model::group_list groups);

/// The credentials of a request: the two halves of an API key, as received.
struct shown_key {
  enum class kind { none, one, several } found = kind::none;
  model::key_parts parts;
};
/// Reads `Authorization` (RFC 9110, section 11.6.2; RFC 6750) or `api-key` and `api-secret`.
[[nodiscard]] shown_key read_key(const http_request& request);

/// Reads the identity that a gateway sends in `user-id`, `groups` and `roles`. The latter two are
/// comma-separated lists. Fails if `user-id` is missing, or if one of the headers is repeated,
/// misspelt or invalid. Without `groups` the user gets a group of their own. Without `roles` they
/// get the roles reporter and user.
[[nodiscard]] result<caller> read_gateway_headers(const http_request& request);

/// The limits that an authenticator reads. They outlive it.
struct access_bounds {
  /// Refers to the parts of a struct that contains all of them. The conversion is implicit, so that
  /// callers can pass that struct.
  template <class All>
  access_bounds(const All& all) : auth(all), http(all) {}  // NOLINT

  const auth_limits& auth;
  const http_limits& http;
};

/// Authenticates callers by their credentials and the credential view.
///
/// Every invalid key gets the identical response after the same work: one look-up, one hash, one
/// comparison in constant time. Rate limits apply only after that: the limit of the key if it is
/// valid, the limit of the address if it is not. Lives on the view's loop.
class authenticator final : public authentication {
 public:
  authenticator(views::credential_view& credentials, access_bounds bounds, const clock& clock,
                metrics& counts);

  awaitable<bool> ready() override;
  std::optional<http_response> check(http_request& request, access needed) override;
  std::optional<http_response> check_stray(http_request& request) override;
  /// Checks input that is not a request. Returns a response if its address exceeds the rate limit.
  std::optional<http_response> check_refused(const http_request& request) {
    return rates_.check_refused(request);
  }

  /// Changes the request rates.
  void set_rates(const auth_limits& limits) { rates_.set_rates(limits); }

  /// Counts the work done so far, so that tests can verify that it is constant.
  struct work_done {
    std::uint64_t look_ups = 0;
    std::uint64_t hashes = 0;
    bool operator==(const work_done&) const = default;
  };
  [[nodiscard]] const work_done& work() const { return work_; }

 private:
  std::optional<http_response> identify(http_request& request);
  std::optional<http_response> identify_by_gateway(http_request& request);
  http_response refuse(const http_request& request, const std::string& why);
  http_response unauthorized(const http_request& request);
  void count(const char* result) { results_.at(result).add(); }

  views::credential_view& credentials_;
  access_bounds bounds_;
  const clock& clock_;
  caller_rates rates_;
  std::map<std::string, counter> results_;
  work_done work_;
};

}  // namespace sonde::ingest
