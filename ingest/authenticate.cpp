#include "ingest/authenticate.hpp"

#include "base/hash.hpp"
#include "ingest/errc.hpp"
#include "ingest/problem.hpp"
#include "model/key_rules.hpp"

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

/// A hash that no secret has: what an unknown key is compared with.
const std::string& nobodys_hash() {
  static const std::string hash(64, '0');
  return hash;
}

/// A name as a careless proxy may have spelt it: `User_Id` is `user-id` to whoever maps headers to
/// variables and back.
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

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

std::vector<std::string> items_of(const std::string* list) {
  std::vector<std::string> out;
  std::string_view rest = list == nullptr ? std::string_view() : std::string_view(*list);
  while (!rest.empty()) {
    auto comma = std::min(rest.find(','), rest.size());
    auto item = trimmed(rest.substr(0, comma));
    if (!item.empty()) out.emplace_back(item);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return out;
}

bool same_letters(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
  });
}

/// The token behind `Bearer`; empty for any other scheme.
std::string_view bearer_token(std::string_view authorization) {
  auto space = authorization.find(' ');
  if (space == authorization.npos) return {};
  if (!same_letters(authorization.substr(0, space), "bearer")) return {};
  return trimmed(authorization.substr(space));
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
    return fail(errc::invalid, plain + ": has to stand in the request once, spelt like this");
  }
  const auto* user = request.header("user-id");
  if (user == nullptr || user->empty()) {
    return fail(errc::invalid, "user-id: the header is missing; a gateway names the caller in it");
  }
  if (auto fine = model::check_user_id(*user); !fine) return fine.error();
  if (model::is_reserved_user(*user)) {
    return fail(errc::invalid, "user-id: \"" + *user +
                                   "\" is reserved for this server itself; a gateway's users have "
                                   "other names");
  }
  auto groups = items_of(request.header("groups"));
  if (groups.size() > most_groups) {
    return fail(errc::invalid, "groups: are more than " + std::to_string(most_groups));
  }
  for (const auto& group : groups) {
    if (auto fine = model::check_group(group); !fine) return fine.error();
  }
  if (groups.empty()) groups = {"user:" + *user};
  auto roles = items_of(request.header("roles"));
  if (request.header("roles") == nullptr) roles = {model::roles::reporter, model::roles::user};
  return make_caller(*user, *user, std::move(roles), std::move(groups));
}

authenticator::authenticator(views::credential_view& credentials, const limits& limits,
                             const clock& clock, metrics& counts)
    : credentials_(credentials), limits_(limits), clock_(clock), rates_(limits, clock, counts) {
  for (const char* each :
       {"accepted", "ambiguous", "expired", "forbidden", "gateway", "missing", "not_current",
        "refused_header", "reserved", "revoked", "unknown", "wrong"}) {
    results_.emplace(each, counts.count("sonde_auth_total",
                                        "Requests that needed credentials, by what was found.",
                                        {{"result", each}}));
  }
}

/// At the start it waits for the first fold, as whoever asks then has a key that is just being
/// read. Later nobody waits: a view that has stayed behind for a minute may stay so for an hour.
awaitable<bool> authenticator::ready() {
  auto patience = std::chrono::milliseconds(limits_.http_answer_timeout_ms);
  bool caught_up = co_await credentials_.wait_until_caught_up(clock_.steady_now() + patience);
  if (caught_up && credentials_.current()) co_return true;
  count("not_current");
  co_return false;
}

std::optional<http_response> authenticator::judge(http_request& request, access needed) {
  const char* header = request.by_gateway ? nullptr : first_identity_header(request);
  if (header != nullptr) {
    count("refused_header");
    return refuse(request,
                  std::string(header) +
                      ": is for a gateway to send, on the socket of http.gateway_socket or with a "
                      "certificate of http.gateway_ca; leave it out");
  }
  if (needed == access::everybody) return std::nullopt;
  auto refused = request.by_gateway ? identify_by_gateway(request) : identify(request);
  if (!refused) refused = rates_.judge(request);
  if (refused) return refused;
  refused = check_role(request, needed);
  count(refused ? "forbidden" : request.by_gateway ? "gateway" : "accepted");
  return refused;
}

/// With a valid key it is the key that asks too much, so that nobody who is wrong at the same
/// address keeps its owner from hearing that a path is wrong.
std::optional<http_response> authenticator::judge_stray(http_request& request) {
  bool shows_key = read_key(request).found == shown_key::kind::one;
  if (!request.by_gateway && !shows_key) return rates_.judge_refused(request);
  auto refused = request.by_gateway ? identify_by_gateway(request) : identify(request);
  if (!refused) return rates_.judge(request);
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
    return refuse(request,
                  "send one kind of credentials, once: Authorization, or api-key and api-secret");
  }
  // From here on everybody costs the same, whatever is wrong.
  ++work_.look_ups;
  const auto* known = credentials_.find(shown.parts.id);
  ++work_.hashes;
  auto hash = model::secret_hash(shown.parts.id, shown.parts.secret);
  const auto& expected = known == nullptr ? nobodys_hash() : known->what.hash;
  bool right = equal_in_constant_time(hash, expected);
  const char* trouble = nullptr;
  if (shown.found == shown_key::kind::none) {
    trouble = "missing";
  } else if (known == nullptr) {
    trouble = "unknown";
  } else if (!right) {
    trouble = "wrong";
  }
  // Only the holder of the right secret gets here: how long this takes tells nobody else anything.
  model::checked_key checked;
  if (trouble == nullptr) {
    checked = credentials_.check(*known);
    if (checked.state == model::key_state::revoked) trouble = "revoked";
    if (checked.state == model::key_state::expired) trouble = "expired";
    if (same_letters(known->what.user_id, "sonde")) trouble = "reserved";
  }
  if (trouble != nullptr) {
    count(trouble);
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
  if (auto too_many = rates_.judge_refused(request)) return std::move(*too_many);
  return problem(400, why, request.id);
}

http_response authenticator::unauthorized(const http_request& request) {
  if (auto too_many = rates_.judge_refused(request)) return std::move(*too_many);
  auto out = problem(401, not_let_in, request.id);
  out.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

}  // namespace sonde::ingest
