#include "ingest/docs/openapi.hpp"

#include "model/facts/definitions.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::ingest {

TEST_CASE("the document has this program's version and its entity types") {
  auto document = openapi_document("1.2.3");
  CHECK(document["openapi"] == "3.1.0");
  CHECK(document["info"]["version"] == "1.2.3");
  const auto& types = document["components"]["schemas"]["EntityType"]["enum"];
  CHECK(types.size() == model::all_definitions().size());
}

TEST_CASE("every reference in the document resolves, and every operation has a name") {
  auto document = openapi_document("1");
  auto check = [&](const auto& self, const model::json& value) -> void {
    if (value.is_object() && value.contains("$ref")) {
      auto path = value["$ref"].get<std::string>();
      CHECK_MESSAGE(document.contains(model::json::json_pointer(path.substr(1))), path);
    }
    if (value.is_structured()) {
      for (const auto& inner : value)
        self(self, inner);
    }
  };
  check(check, document);
  for (const auto& path : document["paths"].items()) {
    for (const auto& one : path.value().items()) {
      bool named = one.key() == "parameters" || one.value().contains("operationId");
      CHECK_MESSAGE(named, path.key());
    }
  }
}

TEST_CASE("the page shows the content of the document, with its markup escaped") {
  auto document = openapi_document("<1>");
  auto page = openapi_page(document);
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.find("Sonde &lt;1&gt;") != std::string::npos);
  CHECK(page.find("POST /api/ingest/v1/entity") != std::string::npos);
  CHECK(page.find("<a href=\"#ScanOrder\">ScanOrder</a>") != std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
}

}  // namespace sonde::ingest
