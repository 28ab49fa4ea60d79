#include "ingest/facts/definition_handlers.hpp"

#include "ingest/docs/openapi.hpp"
#include "ingest/http/problem.hpp"
#include "model/facts/definitions.hpp"
#include "model/text/json.hpp"

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

using shared_text = std::shared_ptr<const std::string>;

awaitable<http_response> json_text(shared_text body) {
  co_return json_response(200, *body);
}

awaitable<http_response> public_json(shared_text body) {
  auto out = json_response(200, *body);
  out.cacheable = true;
  co_return out;
}

awaitable<http_response> page(shared_text body) {
  http_response out;
  out.cacheable = true;
  out.headers = {{"Content-Type", "text/html; charset=utf-8"},
                 {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"}};
  out.body = *body;
  co_return out;
}

/// Serves a text that is the same for every caller and constant during the life of the process.
void add_text(router& to, const char* path, access who, std::string text,
              awaitable<http_response> (*answer)(shared_text)) {
  auto body = std::make_shared<const std::string>(std::move(text));
  to.add("GET", path, who, [body, answer](http_request, path_parameters) { return answer(body); });
}

}  // namespace

void add_definition_routes(router& to) {
  add_text(to, "/api/ingest/v1/definitions", access::trusted, definitions_json(), json_text);
}

void add_openapi_routes(router& to, const std::string& version) {
  auto document = openapi_document(version);
  add_text(to, "/openapi.json", access::everybody, model::to_text(document), public_json);
  add_text(to, "/docs", access::everybody, openapi_page(document), page);
}

}  // namespace sonde::ingest
