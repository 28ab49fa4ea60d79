#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "ingest/caller_rates.hpp"
#include "ingest/http_message.hpp"
#include "ingest/router.hpp"
#include "model/credential.hpp"
#include "views/credential_view.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sonde::ingest {

/// A caller with these rights, who sees what is public besides what their groups see.
[[nodiscard]] caller make_caller(std::string user_id, std::string user_name,
                                 std::vector<std::string> roles, model::group_list groups);

/// What a request shows of who sends it: the two halves of a key, as they were sent.
struct shown_key {
  enum class kind { none, one, several } found = kind::none;
  model::key_parts parts;
};
/// Reads `Authorization` (RFC 9110, section 11.6.2; RFC 6750) or `api-key` and `api-secret`.
[[nodiscard]] shown_key read_key(const http_request& request);

/// Whom a gateway names in `user-id`, `groups` and `roles`; the latter two are lists with commas.
/// Fails where they are none. Without `groups` the user has a group of their own, without `roles`
/// they are a reporter and a user.
[[nodiscard]] result<caller> read_gateway_headers(const http_request& request);

/// Finds out who calls, from what they show and what the view knows.
///
/// Whatever is wrong with a key, the answer is the same to the letter, and comes after the same
/// work: one look-up, one hash, one comparison of constant time. Only after it is looked whether
/// these are too many: of a right key, or of an address whose keys are wrong. Lives on the view's
/// loop.
class authenticator final : public guard {
 public:
  authenticator(views::credential_view& credentials, const limits& limits, const clock& clock,
                metrics& counts);

  awaitable<bool> ready() override;
  std::optional<http_response> judge(http_request& request, access needed) override;
  std::optional<http_response> judge_stray(http_request& request) override;
  /// Of what is no request: the answer where these are too many of its address.
  std::optional<http_response> judge_refused(const http_request& request) {
    return rates_.judge_refused(request);
  }

  /// Changes the rates of requests.
  void set_rates(const limits& limits) { rates_.set_rates(limits); }

  /// What it has done so far, for whoever wants to see that it is always the same.
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
  const limits& limits_;
  const clock& clock_;
  caller_rates rates_;
  std::map<std::string, counter> results_;
  work_done work_;
};

}  // namespace sonde::ingest
