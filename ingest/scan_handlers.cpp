#include "ingest/errc.hpp"
#include "ingest/handlers.hpp"
#include "ingest/problem.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::milliseconds;

constexpr std::uint32_t longest_wait_s = 60;
constexpr std::size_t listed_scans = 100;

/// Whether the body is declared as JSON. A web page can make a browser send anything else without
/// asking first.
bool is_json(const http_request& request) {
  const auto* type = request.header("content-type");
  if (type == nullptr) return false;
  auto name = type->substr(0, type->find(';'));
  while (name.ends_with(' '))
    name.pop_back();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name == "application/json";
}

/// W3C Trace Context, section 3.2: version 00, two ids, flags.
std::string traceparent_of(const http_request& request) {
  constexpr std::string_view shape = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  const auto* value = request.header("traceparent");
  if (value == nullptr || value->size() != shape.size()) return {};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    bool hex = std::string_view("0123456789abcdef").find((*value)[i]) != std::string_view::npos;
    if (shape[i] == 'x' ? !hex : (*value)[i] != shape[i]) return {};
  }
  return *value;
}

std::optional<std::uint32_t> number_in(const std::string& text) {
  std::uint32_t value = 0;
  auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The routes of one scan service. Shared by their handlers.
class scan_handlers {
 public:
  scan_handlers(scan_service& scans, const limits& bounds) : scans_(scans), limits_(bounds) {}

  awaitable<http_response> post_scan(http_request request) {
    if (!is_json(request)) {
      co_return problem(415,
                        "the body must be declared as Content-Type: application/json, as "
                        "curl --json does",
                        request.id);
    }
    auto body = model::parse_json(request.body, limits_.json_depth);
    if (!body) co_return problem(400, body.error().message(), request.id);
    auto order = scans_.parse_order(*body);
    if (!order) co_return problem(order.error(), request.id);
    order->traceparent = traceparent_of(request);
    auto receipt = co_await scans_.schedule(std::move(*order), request.who.groups, request.id);
    if (!receipt) co_return problem(receipt.error(), request.id);
    json answer = {{"id", receipt->id.str()}, {"status", receipt->status}};
    co_return json_response(receipt->is_new() ? 202 : 200, model::to_text(answer));
  }

  /// Asking again for what has ended is no error, but nothing is left to do: 200.
  awaitable<http_response> delete_scan(http_request request, path_parameters parameters) {
    auto receipt =
        co_await scans_.cancel(parameters[0], request.who.groups, request.who.user_id, request.id);
    if (!receipt) co_return problem(receipt.error(), request.id);
    bool under_way = receipt->status == "queued" || receipt->status == "running";
    json answer = {
        {"message", "acknowledged"}, {"id", receipt->id.str()}, {"status", receipt->status}};
    co_return json_response(under_way ? 202 : 200, model::to_text(answer));
  }

  awaitable<http_response> get_scan(http_request request, path_parameters parameters) {
    milliseconds wait{0};
    if (auto asked = request.query.find("wait"); asked != request.query.end()) {
      auto seconds = number_in(asked->second);
      if (!seconds || *seconds > longest_wait_s) {
        co_return problem(400,
                          "wait: is no number of seconds up to " + std::to_string(longest_wait_s),
                          request.id);
      }
      wait = std::chrono::seconds(*seconds);
    }
    auto groups = request.who.groups;
    auto found = co_await scans_.look_up(parameters[0], std::move(groups), wait);
    co_return answer(std::move(found), request.id);
  }

  awaitable<http_response> list_scans(http_request request) {
    auto asked = request.query.find("target");
    if (asked == request.query.end()) {
      co_return problem(400, "target: is missing; ask with ?target=NAME", request.id);
    }
    auto target = model::target::parse(asked->second);
    if (!target) co_return problem(400, "target: " + target.error().message(), request.id);
    auto groups = request.who.groups;
    auto found = co_await scans_.list(std::move(*target), std::move(groups), listed_scans);
    co_return answer(std::move(found), request.id);
  }

  /// An entity that is unknown is no error here: 204, as the interface has it.
  awaitable<http_response> get_entity(http_request request, path_parameters parameters) {
    auto groups = request.who.groups;
    auto found = co_await scans_.entity(parameters[0], std::move(groups));
    if (!found && found.error().code == make_error_code(errc::not_found)) {
      http_response nothing;
      nothing.status = 204;
      co_return nothing;
    }
    co_return answer(std::move(found), request.id);
  }

 private:
  static http_response answer(result<json> found, const std::string& id) {
    if (!found) return problem(found.error(), id);
    return json_response(200, model::to_text(*found));
  }

  scan_service& scans_;
  const limits& limits_;
};

}  // namespace

void add_scheduling_routes(router& to, scan_service& scans, const limits& limits) {
  auto handlers = std::make_shared<scan_handlers>(scans, limits);
  to.add("POST", "/api/ingest/v1/scan", [handlers](http_request request, path_parameters) {
    return handlers->post_scan(std::move(request));
  });
  to.add("DELETE", "/api/ingest/v1/scan/{id}",
         [handlers](http_request request, path_parameters parameters) {
           return handlers->delete_scan(std::move(request), std::move(parameters));
         });
}

void add_scan_routes(router& to, scan_service& scans, const limits& limits) {
  auto handlers = std::make_shared<scan_handlers>(scans, limits);
  to.add("GET", "/api/ingest/v1/scan/{id}",
         [handlers](http_request request, path_parameters parameters) {
           return handlers->get_scan(std::move(request), std::move(parameters));
         });
  to.add("GET", "/api/ingest/v1/scans", [handlers](http_request request, path_parameters) {
    return handlers->list_scans(std::move(request));
  });
}

void add_entity_routes(router& to, scan_service& scans, const limits& limits) {
  auto handlers = std::make_shared<scan_handlers>(scans, limits);
  to.add("GET", "/api/analytics/v1/entity/{id}/details",
         [handlers](http_request request, path_parameters parameters) {
           return handlers->get_entity(std::move(request), std::move(parameters));
         });
}

}  // namespace sonde::ingest
