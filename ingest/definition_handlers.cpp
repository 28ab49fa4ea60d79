#include "ingest/handlers.hpp"
#include "ingest/problem.hpp"
#include "model/definitions.hpp"
#include "model/json.hpp"

#include <memory>

namespace sonde::ingest {
namespace {

std::string definitions_json() {
  auto list = model::json::array();
  for (const auto& one : model::all_definitions()) {
    list.push_back({{"type", one.type},
                    {"description", one.description},
                    {"dataType", model::name_of(one.main_value)},
                    {"attributes", one.attributes}});
  }
  return model::to_text(list);
}

awaitable<http_response> definitions(std::shared_ptr<const std::string> body) {
  co_return json_response(200, *body);
}

}  // namespace

void add_definition_routes(router& to) {
  // The same for everybody until the program is another one.
  auto body = std::make_shared<const std::string>(definitions_json());
  to.add("GET", "/api/ingest/v1/definitions", access::trusted,
         [body](http_request, path_parameters) { return definitions(body); });
}

}  // namespace sonde::ingest
