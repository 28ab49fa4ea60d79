#include "ingest/scans/scan_handlers.hpp"

#include "ingest/errc.hpp"
#include "ingest/http/built_answer.hpp"
#include "ingest/http/problem.hpp"
#include "ingest/http/request_body.hpp"
#include "ingest/http/waiting_requests.hpp"
#include "ingest/scans/scan_cursor.hpp"

#include <fmt/core.h>

#include <memory>
#include <variant>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::milliseconds;

constexpr std::uint32_t longest_wait_s = 60;
constexpr std::uint32_t usual_page = 100;
constexpr std::uint32_t longest_page = 1'000;
/// Limit for the scans of one target, which are returned with all their results.
constexpr std::uint32_t longest_whole_page = 100;

error wrong_query(const char* name, const std::string& what) {
  return fail(errc::invalid, std::string(name) + ": " + what);
}

/// Parses the filter of a query, independent of the caller.
result<views::list_query> parse_list_query(const http_request& request) {
  views::list_query out;
  auto given = [&](const char* name) {
    auto found = request.query.find(name);
    return found == request.query.end() ? nullptr : &found->second;
  };
  if (const auto* name = given("target")) {
    auto target = model::target::parse(*name);
    if (!target) return wrong_query("target", target.error().message());
    out.target = std::move(*target);
  }
  auto most = out.target ? longest_whole_page : longest_page;
  auto limit = query_number(request, "limit", 1, most, usual_page);
  if (!limit) {
    return wrong_query("limit", fmt::format("is not a number from 1 to {}{}", most,
                                            out.target ? ", the most for one target" : ""));
  }
  out.limit = *limit;
  // The field is called `status`; `state` is its former name.
  const char* status = given("state") != nullptr ? "state" : "status";
  if (given("state") != nullptr && given("status") != nullptr) {
    return wrong_query("state", "is another name for status; give one of them");
  }
  if (const auto* name = given(status)) {
    out.state = model::read_task_state(*name);
    if (!out.state) {
      return wrong_query(status, "is not one of queued, running, done, failed, cancelled");
    }
  }
  if (const auto* cursor = given("cursor")) {
    auto after = parse_cursor(*cursor);
    if (!after) return after.error();
    out.after = std::move(*after);
  }
  return out;
}

/// Parses `{url}`.
result<std::string> url_of(const json& body) {
  if (auto known = model::check_fields(body, {"url"}); !known) {
    return fail(errc::invalid, known.error().message());
  }
  auto url = body.find("url");
  if (url != body.end() && url->is_string()) return url->get<std::string>();
  return fail(errc::invalid, "url: is missing or not a string; give the webhook's URL");
}

/// The handlers of one scan service's routes, which share this object.
class scan_handlers {
 public:
  scan_handlers(scan_service& scans, const http_limits& bounds, daily_quota* quota = nullptr)
      : scans_(scans), limits_(bounds), waiting_(bounds.http_waiting_per_caller), quota_(quota) {}

  awaitable<http_response> post_scan(http_request request) {
    if (auto refused = over_quota(request)) co_return std::move(*refused);
    if (auto refused = refuse_if_not_json(request)) co_return std::move(*refused);
    bool small = request.body.size() <= limits_.inline_body_bytes;
    auto body = small ? request.body : std::string();
    auto order = co_await scans_.orders().read(std::move(request.body), request.who);
    if (!order) {
      auto refused = problem(order.error(), request.id);
      refused.about.target = named_target(body, limits_.json_depth);
      co_return refused;
    }
    order->traceparent = traceparent_of(request);
    auto target = order->target.text();
    auto receipt = co_await scans_.schedule(std::move(*order), request.who.groups, request.id);
    auto out = receipt ? answer_to(*receipt) : problem(receipt.error(), request.id);
    if (receipt) out.about.object = receipt->id.str();
    out.about.target = std::move(target);
    co_return out;
  }

  /// Uses POST because the URL may be a secret and must not appear in a proxy's log.
  awaitable<http_response> webhook_secret(http_request request) {
    auto body = json_body(request, limits_.json_depth, limits_.inline_body_bytes);
    if (auto* refused = std::get_if<http_response>(&body)) co_return std::move(*refused);
    auto url = url_of(std::get<json>(body));
    if (!url) co_return problem(url.error(), request.id);
    auto secrets = scans_.orders().webhook_secrets(*url, request.who.user_id);
    if (!secrets) co_return problem(secrets.error(), request.id);
    json answer = {{"secret", secrets->front()}};
    secrets->erase(secrets->begin());
    answer["previous"] = *secrets;
    co_return json_response(200, model::to_text(answer));
  }

  awaitable<http_response> post_scans(http_request request) {
    if (auto refused = over_quota(request)) co_return std::move(*refused);
    if (auto refused = refuse_if_not_lines(request)) co_return std::move(*refused);
    bulk_order order;
    order.body = std::move(request.body);
    order.groups = request.who.groups;
    order.traceparent = traceparent_of(request);
    order.request_id = request.id;
    order.owner = request.who.user_id;
    auto receipts = co_await scans_.bulk().schedule(std::move(order));
    if (!receipts) co_return problem(receipts.error(), request.id);
    http_response out;
    out.headers.emplace_back("Content-Type", "application/x-ndjson");
    out.body = std::move(receipts->lines);
    out.partial = receipts->some_refused;
    co_return out;
  }

  /// Cancelling an ended scan is no error, but there is nothing left to do: 200.
  awaitable<http_response> delete_scan(http_request request, path_parameters parameters) {
    auto receipt = co_await scans_.changes().cancel(parameters[0], request.who.groups,
                                                    request.who.user_id, request.id);
    if (!receipt) {
      auto refused = problem(receipt.error(), request.id);
      refused.about.object = std::move(parameters[0]);
      co_return refused;
    }
    bool under_way = receipt->status == "queued" || receipt->status == "running";
    json answer = {
        {"message", "acknowledged"}, {"id", receipt->id.str()}, {"status", receipt->status}};
    auto out = json_response(under_way ? 202 : 200, model::to_text(answer));
    out.about.object = receipt->id.str();
    co_return out;
  }

  awaitable<http_response> get_scan(http_request request, path_parameters parameters) {
    auto asked = query_number(request, "wait", 0, longest_wait_s, 0);
    if (!asked) {
      co_return problem(400,
                        "wait: is not a number of seconds up to " + std::to_string(longest_wait_s),
                        request.id);
    }
    milliseconds wait = std::chrono::seconds(*asked);
    std::unique_ptr<waiting_requests::place> place;
    if (*asked > 0) place = waiting_.enter(request);
    if (*asked > 0 && !place) co_return problem(429, too_many_waiting(), request.id);
    auto closed = [connection = request.wait] {
      return connection != nullptr && connection->closed();
    };
    auto find = [&] { return scans_.look_up(parameters[0], request.who.sees, wait, closed); };
    // A waiting request holds no turn.
    auto* builder = *asked > 0 ? nullptr : scans_.builder();
    co_return co_await built_answer(builder, find, request.id);
  }

  awaitable<http_response> list_scans(http_request request) {
    auto query = parse_list_query(request);
    if (!query) co_return problem(query.error(), request.id);
    query->groups = request.who.sees;
    std::optional<turn_queue::turn> turn;
    if (auto* builder = scans_.builder()) {
      turn = co_await builder->turn();
      if (!turn) co_return busy_with_readers(request.id);
    }
    auto found = co_await scans_.list(std::move(*query));
    if (!found) co_return problem(found.error(), request.id);
    co_return json_response(200, std::move(*found));
  }

 private:
  [[nodiscard]] static http_response answer_to(const scan_receipt& receipt) {
    json answer = {{"id", receipt.id.str()}, {"status", receipt.status}};
    return json_response(receipt.is_new() ? 202 : 200, model::to_text(answer));
  }

  [[nodiscard]] std::optional<http_response> over_quota(const http_request& request) const {
    if (quota_ == nullptr) return std::nullopt;
    return quota_->check(request);
  }

  [[nodiscard]] std::string too_many_waiting() const {
    return fmt::format(
        "wait: too many of your requests wait already; the limit is "
        "limits.http_waiting_per_caller, {}; leave wait out, or try again later",
        limits_.http_waiting_per_caller);
  }

  scan_service& scans_;
  const http_limits& limits_;
  waiting_requests waiting_;
  daily_quota* quota_;
};

}  // namespace

void add_scheduling_routes(router& to, scan_service& scans, const http_limits& limits,
                           daily_quota* quota) {
  if (quota != nullptr) scans.count_in(*quota);
  auto handlers = std::make_shared<scan_handlers>(scans, limits, quota);
  to.add("POST", "/api/ingest/v1/scan", access::reporter,
         [handlers](http_request request, path_parameters) {
           return handlers->post_scan(std::move(request));
         },
         {.action = "scan.request"});
  to.add("POST", "/api/ingest/v1/scans", access::reporter,
         [handlers](http_request request, path_parameters) {
           return handlers->post_scans(std::move(request));
         },
         {.action = "scan.request.bulk"});
  to.add("POST", "/api/ingest/v1/webhook/secret", access::reporter,
         [handlers](http_request request, path_parameters) {
           return handlers->webhook_secret(std::move(request));
         },
         {.what = secrecy::told_once, .action = "webhook.secret"});
  to.add("DELETE", "/api/ingest/v1/scan/{id}", access::reporter,
         [handlers](http_request request, path_parameters parameters) {
           return handlers->delete_scan(std::move(request), std::move(parameters));
         },
         {.action = "scan.cancel"});
}

void add_scan_routes(router& to, scan_service& scans, const http_limits& limits) {
  auto handlers = std::make_shared<scan_handlers>(scans, limits);
  to.add("GET", "/api/ingest/v1/scan/{id}", access::reporter,
         [handlers](http_request request, path_parameters parameters) {
           return handlers->get_scan(std::move(request), std::move(parameters));
         },
         {.query = {"wait"}});
  to.add("GET", "/api/ingest/v1/scans", access::reporter,
         [handlers](http_request request, path_parameters) {
           return handlers->list_scans(std::move(request));
         },
         {.query = {"target", "status", "state", "limit", "cursor"}});
}

}  // namespace sonde::ingest
