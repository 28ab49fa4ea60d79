#include "ingest/errc.hpp"
#include "ingest/handlers.hpp"
#include "ingest/problem.hpp"
#include "ingest/request_body.hpp"

#include <memory>

namespace sonde::ingest {
namespace {

using model::json;

constexpr std::uint32_t most_levels = 5;
constexpr std::uint32_t most_nodes = 1'000;
constexpr std::uint32_t usual_nodes = 100;

/// An entity that is unknown is no error here: 204, as the interface has it.
http_response answer_if_any(result<std::string> found, const std::string& id) {
  if (found) return json_response(200, std::move(*found));
  if (found.error().code != make_error_code(errc::not_found)) return problem(found.error(), id);
  http_response nothing;
  nothing.status = 204;
  return nothing;
}

/// The routes of one entity service. Shared by their handlers.
class entity_handlers {
 public:
  using taker = awaitable<result<std::string>> (entity_service::*)(std::string, submitted_by);

  explicit entity_handlers(entity_service& entities) : entities_(entities) {}

  awaitable<http_response> post(http_request request, taker take) {
    if (auto refused = refuse_if_not_json(request)) co_return std::move(*refused);
    submitted_by from{request.who, request.id, traceparent_of(request)};
    auto id = co_await (entities_.*take)(std::move(request.body), std::move(from));
    if (!id) co_return problem(id.error(), request.id);
    json answer = {{"message", "acknowledged"}, {"id", *id}};
    co_return json_response(202, model::to_text(answer));
  }

  awaitable<http_response> details(http_request request, path_parameters parameters) {
    auto found = co_await entities_.details(parameters[0], request.who);
    co_return answer_if_any(std::move(found), request.id);
  }

  awaitable<http_response> relations(http_request request, path_parameters parameters) {
    auto levels = query_number(request, "levels", 1, most_levels, 1);
    if (!levels) {
      co_return problem(400, "levels: is no number from 1 to " + std::to_string(most_levels),
                        request.id);
    }
    auto limit = query_number(request, "limit", 1, most_nodes, usual_nodes);
    if (!limit) {
      co_return problem(400, "limit: is no number from 1 to " + std::to_string(most_nodes),
                        request.id);
    }
    auto found = co_await entities_.relations(parameters[0], request.who, *levels, *limit);
    co_return answer_if_any(std::move(found), request.id);
  }

  awaitable<http_response> comments(http_request request, path_parameters parameters) {
    auto found = co_await entities_.comments(parameters[0], request.who);
    co_return answer_if_any(std::move(found), request.id);
  }

 private:
  entity_service& entities_;
};

}  // namespace

void add_submission_routes(router& to, entity_service& entities) {
  auto handlers = std::make_shared<entity_handlers>(entities);
  auto post = [&](const char* path, access who, entity_handlers::taker take) {
    to.add("POST", path, who, [handlers, take](http_request request, path_parameters) {
      return handlers->post(std::move(request), take);
    });
  };
  post("/api/ingest/v1/entity", access::reporter, &entity_service::submit);
  post("/api/ingest/v1/well-known", access::trusted, &entity_service::submit_well_known);
  post("/api/ingest/v1/association", access::reporter, &entity_service::associate);
  post("/api/ingest/v1/comment", access::reporter, &entity_service::comment);
}

void add_entity_routes(router& to, entity_service& entities) {
  auto handlers = std::make_shared<entity_handlers>(entities);
  using reader = awaitable<http_response> (entity_handlers::*)(http_request, path_parameters);
  auto get = [&](const char* what, reader read) {
    to.add("GET", std::string("/api/analytics/v1/entity/{id}/") + what, access::user,
           [handlers, read](http_request request, path_parameters parameters) {
             return (handlers.get()->*read)(std::move(request), std::move(parameters));
           });
  };
  get("details", &entity_handlers::details);
  get("relations", &entity_handlers::relations);
  get("comments", &entity_handlers::comments);
}

}  // namespace sonde::ingest
