#include "ingest/facts/entity_handlers.hpp"

#include "ingest/errc.hpp"
#include "ingest/http/built_answer.hpp"
#include "ingest/http/problem.hpp"
#include "ingest/http/request_body.hpp"

#include <memory>
#include <variant>

namespace sonde::ingest {
namespace {

using model::json;

constexpr std::uint32_t most_levels = 5;
constexpr std::uint32_t most_nodes = 1'000;
constexpr std::uint32_t usual_nodes = 100;

/// The handlers of one entity service's routes, which share this object.
class entity_handlers {
 public:
  using taker = awaitable<result<std::string>> (entity_service::*)(std::string, submitted_by);

  explicit entity_handlers(entity_service& entities, daily_quota* quota = nullptr)
      : entities_(entities), quota_(quota) {}

  awaitable<http_response> post(http_request request, taker take) {
    if (quota_ != nullptr) {
      if (auto refused = quota_->check(request)) co_return std::move(*refused);
    }
    if (auto refused = refuse_if_not_json(request)) co_return std::move(*refused);
    submitted_by from{request.who, request.id, traceparent_of(request)};
    auto id = co_await (entities_.*take)(std::move(request.body), std::move(from));
    if (!id) co_return problem(id.error(), request.id);
    json answer = {{"message", "acknowledged"}, {"id", *id}};
    auto out = json_response(202, model::to_text(answer));
    out.about.object = std::move(*id);
    co_return out;
  }

  awaitable<http_response> details(http_request request, path_parameters parameters) {
    auto find = [&] { return entities_.details(parameters[0], request.who); };
    co_return co_await answer_if_any(find, request.id);
  }

  awaitable<http_response> relations(http_request request, path_parameters parameters) {
    auto levels = query_number(request, "levels", 1, most_levels, 1);
    if (!levels) {
      co_return problem(400, "levels: is not a number from 1 to " + std::to_string(most_levels),
                        request.id);
    }
    auto limit = query_number(request, "limit", 1, most_nodes, usual_nodes);
    if (!limit) {
      co_return problem(400, "limit: is not a number from 1 to " + std::to_string(most_nodes),
                        request.id);
    }
    auto find = [&] { return entities_.relations(parameters[0], request.who, *levels, *limit); };
    co_return co_await answer_if_any(find, request.id);
  }

  awaitable<http_response> comments(http_request request, path_parameters parameters) {
    auto find = [&] { return entities_.comments(parameters[0], request.who); };
    co_return co_await answer_if_any(find, request.id);
  }

 private:
  /// Responds with 204 for an unknown entity, which the interface does not treat as an error.
  awaitable<http_response> answer_if_any(std::function<awaitable<result<json>>()> find,
                                         std::string id) {
    auto answer = co_await built_answer(entities_.builder(), std::move(find), std::move(id));
    if (answer.status != 404) co_return answer;
    http_response nothing;
    nothing.status = 204;
    co_return nothing;
  }

  entity_service& entities_;
  daily_quota* quota_;
};

}  // namespace

void add_submission_routes(router& to, entity_service& entities, daily_quota* quota) {
  if (quota != nullptr) entities.count_in(*quota);
  auto handlers = std::make_shared<entity_handlers>(entities, quota);
  auto post = [&](const char* what, access who, entity_handlers::taker take,
                  std::string_view action) {
    auto handle = [handlers, take](http_request request, path_parameters) {
      return handlers->post(std::move(request), take);
    };
    to.add("POST", std::string("/api/ingest/v1/") + what, who, handle, {.action = action});
  };
  post("entity", access::reporter, &entity_service::submit, "entity.submit");
  post("well-known", access::trusted, &entity_service::submit_well_known, "well-known.submit");
  post("association", access::reporter, &entity_service::associate, "association.submit");
  post("comment", access::reporter, &entity_service::comment, "comment.submit");
}

void add_entity_routes(router& to, entity_service& entities) {
  auto handlers = std::make_shared<entity_handlers>(entities);
  using reader = awaitable<http_response> (entity_handlers::*)(http_request, path_parameters);
  auto get = [&](const char* what, reader read, std::vector<std::string> query = {}) {
    to.add("GET", std::string("/api/analytics/v1/entity/{id}/") + what, access::user,
           [handlers, read](http_request request, path_parameters parameters) {
             return (handlers.get()->*read)(std::move(request), std::move(parameters));
           },
           {.query = std::move(query)});
  };
  get("details", &entity_handlers::details);
  get("relations", &entity_handlers::relations, {"levels", "limit"});
  get("comments", &entity_handlers::comments);
}

}  // namespace sonde::ingest
