#include "ingest/auth/keypair_handlers.hpp"

#include "admin/errc.hpp"
#include "ingest/errc.hpp"
#include "ingest/http/problem.hpp"
#include "ingest/http/request_body.hpp"

#include <fmt/core.h>

#include <chrono>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::milliseconds;

/// Maximum length of a list, as a response is held in memory.
constexpr std::size_t most_listed = 10'000;

/// Parses `{name, days}`: a key pair with the caller's roles and groups.
result<model::key_order> parse_order(const json& body, const caller& who, std::uint32_t most_days) {
  if (auto known = model::check_fields(body, {"name", "days"}); !known) {
    return fail(errc::invalid, known.error().message());
  }
  auto name = body.find("name");
  if (name == body.end()) {
    return fail(errc::invalid, "name: is missing; give the key a name, as a string");
  }
  if (!name->is_string() || name->get_ref<const std::string&>().empty()) {
    return fail(errc::invalid, "name: must be a string that is not empty");
  }
  auto days = body.find("days");
  bool fits = days != body.end() && days->is_number_unsigned() && days->get<std::uint64_t>() >= 1 &&
              days->get<std::uint64_t>() <= most_days;
  if (!fits) {
    return fail(errc::invalid,
                fmt::format("days: must be a number from 1 to {}, the lifetime of the key in days",
                            most_days));
  }
  model::key_order out;
  out.name = name->get<std::string>();
  out.user_id = who.user_id;
  out.user_name = who.user_name;
  out.roles.assign(who.roles.begin(), who.roles.end());
  out.groups = who.groups;
  out.days = days->get<std::uint32_t>();
  out.parent = model::key_id(who.key_id);
  return out;
}

/// Maps an error of `key_changes` to an HTTP response.
http_response key_refusal(const error& why, const std::string& id) {
  auto is = [&](admin::errc code) { return why.code == make_error_code(code); };
  if (is(admin::errc::invalid)) return problem(400, why.message(), id);
  if (is(admin::errc::not_found)) return problem(404, why.message(), id);
  if (is(admin::errc::too_many)) return problem(429, why.message(), id);
  return problem(503, why.message(), id);
}

}  // namespace

keypair_service::keypair_service(admin::key_changes& changes, views::credential_view& credentials,
                                 keypair_bounds bounds, const clock& clock, logger& log)
    : changes_(changes), credentials_(credentials), bounds_(bounds), clock_(clock), log_(log) {}

steady_time keypair_service::deadline() const {
  return clock_.steady_now() + milliseconds(bounds_.http.http_answer_timeout_ms);
}

awaitable<http_response> keypair_service::make(http_request request) {
  auto body = json_body(request, bounds_.http.json_depth, bounds_.http.inline_body_bytes);
  if (auto* refused = std::get_if<http_response>(&body)) co_return std::move(*refused);
  auto order = parse_order(std::get<model::json>(body), request.who, bounds_.keys.key_days);
  if (!order) co_return problem(order.error(), request.id);
  auto made = co_await changes_.make(std::move(*order), deadline());
  if (!made) co_return key_refusal(made.error(), request.id);
  log_.info("key created", {{"id", request.id},
                            {"key", made->what.id.str()},
                            {"user", made->what.user_id},
                            {"by", request.who.key_id}});
  auto out = json_response(200, model::to_text(to_json(*made)));
  out.about.object = made->what.id.str();
  co_return out;
}

awaitable<http_response> keypair_service::show_own(http_request request) {
  const auto* key = credentials_.find(request.who.key_id);
  if (key == nullptr) {
    co_return problem(404, "the caller uses a gateway and has no key", request.id);
  }
  co_return json_response(200, model::to_text(model::describe(key->what, key->last_used)));
}

awaitable<http_response> keypair_service::list(http_request request) {
  auto all_read = co_await admin::read_all_keys(credentials_, deadline());
  if (!all_read) co_return key_refusal(all_read.error(), request.id);
  auto found =
      credentials_.list(request.who.has(model::roles::admin) ? std::string() : request.who.user_id);
  json keys = json::array();
  for (const auto& key : found) {
    if (keys.size() >= most_listed) break;
    keys.push_back(model::describe(key.what, key.last_used));
  }
  json answer = {{"keys", std::move(keys)}};
  if (found.size() > most_listed) answer["truncated"] = true;
  co_return json_response(200, model::to_text(answer));
}

awaitable<http_response> keypair_service::revoke(http_request request, std::string id) {
  auto of_user = request.who.has(model::roles::admin) ? std::string() : request.who.user_id;
  auto revoked = co_await changes_.revoke(id, std::move(of_user), deadline());
  if (!revoked) {
    auto refused = key_refusal(revoked.error(), request.id);
    refused.about.object = std::move(id);
    co_return refused;
  }
  log_.info("key revoked", {{"id", request.id}, {"key", id}, {"by", request.who.key_id}});
  auto out = json_response(200, R"({"message":"acknowledged"})");
  out.about.object = std::move(id);
  co_return out;
}

void add_keypair_routes(router& to, keypair_service& keys) {
  const std::string one = "/api/auth/v2/keypair";
  auto make = [&keys](http_request request, path_parameters) {
    return keys.make(std::move(request));
  };
  to.add("POST", one, access::any_caller, make,
         {.what = secrecy::told_once, .action = "key.create"});
  to.add("GET", one, access::any_caller, [&keys](http_request request, path_parameters) {
    return keys.show_own(std::move(request));
  });
  to.add("GET", "/api/auth/v2/keypairs", access::any_caller,
         [&keys](http_request request, path_parameters) { return keys.list(std::move(request)); });
  to.add("DELETE", one + "/{id}", access::any_caller,
         [&keys](http_request request, path_parameters parameters) {
           return keys.revoke(std::move(request), std::move(parameters[0]));
         },
         {.action = "key.revoke"});
}

}  // namespace sonde::ingest
