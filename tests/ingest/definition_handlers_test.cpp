#include "ingest/facts/definition_handlers.hpp"

#include "model/facts/definitions.hpp"
#include "model/text/json.hpp"
#include "tests/ingest/scan_world.hpp"

namespace sonde::ingest {

TEST_CASE("every entity type is defined, with its description, data type and attributes") {
  router routes;
  add_definition_routes(routes);
  http_request request;
  request.method = "GET";
  request.path = "/api/ingest/v1/definitions";
  request.who = test::an_admin();
  auto told = test::run(routes.handle(std::move(request)));
  CHECK(told.status == 200);
  auto list = model::parse_own(told.body);
  REQUIRE(list.is_array());
  CHECK(list.size() == model::all_definitions().size());
  for (const auto& one : list) {
    CAPTURE(model::to_text(one));
    CHECK(one.size() == 4);
    CHECK(!one["description"].get<std::string>().empty());
    CHECK(one["attributes"].is_array());
    const auto* known = model::find_definition(one["type"].get<std::string>());
    REQUIRE(known != nullptr);
    CHECK(one["dataType"].get<std::string>() == model::name_of(known->main_value));
    if (known->type == "airport-name") {
      CHECK(one["attributes"] == model::json({"country", "city"}));
    }
  }
}

}  // namespace sonde::ingest
