#include "ingest/auth/authenticate.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "ingest/errc.hpp"
#include "ingest/http/problem.hpp"
#include "model/auth/key_rules.hpp"

#include <algorithm>
#include <chrono>

namespace sonde::ingest {
namespace {

constexpr const char* not_let_in =
    "credentials are missing or not valid; send Authorization: Bearer TOKEN, or api-key and "
    "api-secret";
constexpr const char* identity_headers[] = {"user-id", "groups", "roles"};
constexpr const char* key_headers[] = {"authorization", "api-key", "api-secret"};
constexpr std::size_t most_groups = 256;
constexpr unsigned too_many_requests = 429;

/// A hash that no secret has; an unknown key is compared with it.
const std::string& nobodys_hash() {
  static const std::string hash(64, '0');
  return hash;
}

/// Normalises a header name as a proxy may rewrite it: some proxies map headers to variables and
/// back, which turns `user-id` into `User_Id`.
std::string plain_name(std::string name) {
  std::ranges::replace(name, '_', '-');
  return name;
}

const char* first_identity_header(const http_request& request) {
  for (const auto& [name, value] : request.headers) {
    auto plain = plain_name(name);
    for (const char* header : identity_headers) {
      if (plain == header) return header;
    }
  }
  return nullptr;
}

std::vector<std::string> items_of(const std::string* list) {
  std::vector<std::string> out;
  std::string_view rest = list == nullptr ? std::string_view() : std::string_view(*list);
  while (!rest.empty()) {
    auto comma = std::min(rest.find(','), rest.size());
    auto item = ascii::trimmed(rest.substr(0, comma));
    if (!item.empty()) out.emplace_back(item);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return out;
}

/// Returns the token after `Bearer`; empty for any other scheme.
std::string_view bearer_token(std::string_view authorization) {
  auto space = authorization.find(' ');
  if (space == authorization.npos) return {};
  if (!ascii::equal_ignoring_case(authorization.substr(0, space), "bearer")) return {};
  return ascii::trimmed(authorization.substr(space));
}

}  // namespace

caller make_caller(std::string user_id, std::string user_name, std::vector<std::string> roles,
                   model::group_list groups) {
  caller out;
  out.user_id = std::move(user_id);
  out.user_name = std::move(user_name);
  out.roles.insert(roles.begin(), roles.end());
  out.groups = model::normal_groups(std::move(groups));
  out.sees = out.groups;
  out.sees.emplace_back(model::public_group);
  out.sees = model::normal_groups(std::move(out.sees));
  return out;
}

shown_key read_key(const http_request& request) {
  shown_key out;
  const auto* authorization = request.header("authorization");
  const auto* key = request.header("api-key");
  const auto* secret = request.header("api-secret");
  bool pair = key != nullptr || secret != nullptr;
  bool repeated = std::ranges::any_of(
      key_headers, [&](const char* name) { return request.repeated.contains(name); });
  if (repeated || (authorization != nullptr && pair)) {
    out.found = shown_key::kind::several;
  } else if (authorization != nullptr) {
    out.found = shown_key::kind::one;
    auto parts = model::parse_token(bearer_token(*authorization));
    if (parts) out.parts = std::move(*parts);
  } else if (pair) {
    out.found = shown_key::kind::one;
    if (key != nullptr) out.parts.id = *key;
    if (secret != nullptr) out.parts.secret = *secret;
  }
  return out;
}

result<caller> read_gateway_headers(const http_request& request) {
  for (const auto& [name, value] : request.headers) {
    auto plain = plain_name(name);
    bool known = std::ranges::find(identity_headers, plain) != std::end(identity_headers);
    if (!known || (plain == name && !request.repeated.contains(name))) continue;
    return fail(errc::invalid,
                plain + ": must occur in the request exactly once, with this spelling");
  }
  const auto* user = request.header("user-id");
  if (user == nullptr || user->empty()) {
    return fail(errc::invalid, "user-id: the header is missing; a gateway names the caller in it");
  }
  if (auto fine = model::check_user_id(*user); !fine) return fine.error();
  if (model::is_reserved_user(*user)) {
    return fail(errc::invalid,
                "user-id: \"" + *user +
                    "\" is reserved for this server; a gateway's users must have other names");
  }
  auto groups = items_of(request.header("groups"));
  if (groups.size() > most_groups) {
    return fail(errc::invalid, "groups: are more than " + std::to_string(most_groups));
  }
  // The user's own group has five characters more than the user.
  if (groups.empty()) groups = {"user:" + *user};
  for (const auto& group : groups) {
    if (auto fine = model::check_group(group); !fine) return fine.error();
  }
  auto roles = items_of(request.header("roles"));
  if (request.header("roles") == nullptr) roles = {model::roles::reporter, model::roles::user};
  return make_caller(*user, *user, std::move(roles), std::move(groups));
}

authenticator::authenticator(views::credential_view& credentials, access_bounds bounds,
                             const clock& clock, metrics& counts)
    : credentials_(credentials),
      bounds_(bounds),
      clock_(clock),
      rates_(bounds.auth, clock, counts) {
  for (const char* each :
       {"accepted", "ambiguous", "expired", "forbidden", "gateway", "missing", "not_current",
        "refused_header", "reserved", "revoked", "unknown", "wrong"}) {
    results_.emplace(
        each, counts.count("sonde_auth_total", "Requests that needed credentials, by result.",
                           {{"result", each}}));
  }
}

/// At the start a request waits for the first fold, as its key may not be folded yet. Later no
/// request waits: a view that has been stale for a minute may stay stale for an hour.
awaitable<bool> authenticator::ready() {
  auto patience = std::chrono::milliseconds(bounds_.http.http_answer_timeout_ms);
  bool caught_up = co_await credentials_.wait_until_caught_up(clock_.steady_now() + patience);
  if (caught_up && credentials_.current()) co_return true;
  count("not_current");
  co_return false;
}

std::optional<http_response> authenticator::check(http_request& request, access needed) {
  const char* header = request.by_gateway ? nullptr : first_identity_header(request);
  if (header != nullptr) {
    count("refused_header");
    return refuse(request, std::string(header) +
                               ": only a gateway may send it, on the socket of http.gateway_socket "
                               "or with a certificate of http.gateway_ca; leave it out");
  }
  if (needed == access::everybody) return std::nullopt;
  auto refused = request.by_gateway ? identify_by_gateway(request) : identify(request);
  if (!refused) refused = rates_.check(request);
  if (refused) return refused;
  refused = check_role(request, needed);
  count(refused ? "forbidden" : request.by_gateway ? "gateway" : "accepted");
  return refused;
}

/// A valid key counts for the key and not for its address. Clients with invalid keys at the same
/// address therefore do not prevent its owner from getting the 404 for a wrong path.
std::optional<http_response> authenticator::check_stray(http_request& request) {
  bool shows_key = read_key(request).found == shown_key::kind::one;
  if (!request.by_gateway && !shows_key) return rates_.check_refused(request);
  auto refused = request.by_gateway ? identify_by_gateway(request) : identify(request);
  if (!refused) return rates_.check(request);
  if (refused->status != too_many_requests) refused.reset();
  return refused;
}

std::optional<http_response> authenticator::identify_by_gateway(http_request& request) {
  auto who = read_gateway_headers(request);
  if (!who) return problem(400, who.error().message(), request.id);
  request.who = std::move(*who);
  return std::nullopt;
}

std::optional<http_response> authenticator::identify(http_request& request) {
  auto shown = read_key(request);
  if (shown.found == shown_key::kind::several) {
    count("ambiguous");
    return refuse(
        request,
        "send one kind of credentials exactly once: Authorization, or api-key and api-secret");
  }
  // From here on all requests cost the same, independent of the error.
  ++work_.look_ups;
  const auto* known = credentials_.find(shown.parts.id);
  ++work_.hashes;
  auto hash = model::secret_hash(shown.parts.id, shown.parts.secret);
  const auto& expected = known == nullptr ? nobodys_hash() : known->what.hash;
  bool right = equal_in_constant_time(hash, expected);
  const char* reason = nullptr;
  if (shown.found == shown_key::kind::none) {
    reason = "missing";
  } else if (known == nullptr) {
    reason = "unknown";
  } else if (!right) {
    reason = "wrong";
  }
  // Only the holder of the valid secret gets here, so the duration reveals nothing to others.
  model::checked_key checked;
  if (reason == nullptr) {
    checked = credentials_.check(*known);
    if (checked.state == model::key_state::revoked) reason = "revoked";
    if (checked.state == model::key_state::expired) reason = "expired";
    if (ascii::equal_ignoring_case(known->what.user_id, "sonde")) reason = "reserved";
  }
  if (reason != nullptr) {
    count(reason);
    return unauthorized(request);
  }
  const auto& key = known->what;
  auto& rights = checked.rights;
  request.who =
      make_caller(key.user_id, key.user_name, std::move(rights.roles), std::move(rights.groups));
  request.who.key_id = shown.parts.id;
  request.who.rate_id = rights.first.str();
  credentials_.note_use(shown.parts.id);
  return std::nullopt;
}

http_response authenticator::refuse(const http_request& request, const std::string& why) {
  if (auto too_many = rates_.check_refused(request)) return std::move(*too_many);
  return problem(400, why, request.id);
}

http_response authenticator::unauthorized(const http_request& request) {
  if (auto too_many = rates_.check_refused(request)) return std::move(*too_many);
  auto out = problem(401, not_let_in, request.id);
  out.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

}  // namespace sonde::ingest
