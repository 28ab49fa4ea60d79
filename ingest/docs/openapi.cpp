#include "ingest/docs/openapi.hpp"

#include "base/ascii.hpp"
#include "model/facts/definitions.hpp"

#include <stdexcept>

namespace sonde::ingest {
namespace {

using model::json;

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string text_at(const json& object, const char* name) {
  return escaped(object.value(name, std::string()));
}

/// Resolves a `$ref`; returns any other value unchanged.
const json& resolved(const json& document, const json& value) {
  auto reference = value.find("$ref");
  if (reference == value.end()) return value;
  return document.at(json::json_pointer(reference->get<std::string>().substr(1)));
}

/// Describes a schema by its name or its type.
std::string schema_name(const json& schema) {
  if (auto reference = schema.find("$ref"); reference != schema.end()) {
    auto path = reference->get<std::string>();
    auto name = escaped(path.substr(path.rfind('/') + 1));
    return "<a href=\"#" + name + "\">" + name + "</a>";
  }
  if (schema.contains("items")) return "list of " + schema_name(schema["items"]);
  auto type = schema.find("type");
  if (type == schema.end()) return escaped(model::to_text(schema));
  return escaped(type->is_string() ? type->get<std::string>() : model::to_text(*type));
}

std::string parameter_rows(const json& document, const json& parameters) {
  std::string out;
  for (const auto& each : parameters) {
    const auto& one = resolved(document, each);
    out += "<tr><td><code>" + text_at(one, "name") + "</code></td><td>" + text_at(one, "in") +
           "</td><td>" + text_at(one, "description") + "</td></tr>\n";
  }
  return out;
}

std::string response_rows(const json& document, const json& responses) {
  std::string out;
  for (const auto& [status, response] : responses.items()) {
    const auto& one = resolved(document, response);
    std::string schema;
    if (one.contains("content")) {
      for (const auto& [type, content] : one["content"].items())
        schema = schema_name(content.value("schema", json::object()));
    }
    out += "<tr><td>" + escaped(status) + "</td><td>" + schema + "</td><td>" +
           text_at(one, "description") + "</td></tr>\n";
  }
  return out;
}

std::string operation_section(const json& document, const std::string& path,
                              const std::string& method, const json& whole) {
  const auto& operation = whole[method];
  auto id = text_at(operation, "operationId");
  std::string out = "<section id=\"" + id + "\"><h3><code>" + ascii::upper_case(method) + " " +
                    escaped(path) + "</code></h3>\n<p>" + text_at(operation, "summary") + ". " +
                    text_at(operation, "description") + "</p>\n<table>\n";
  for (const auto* holder : {&whole, &operation}) {
    if (holder->contains("parameters")) out += parameter_rows(document, (*holder)["parameters"]);
  }
  if (operation.contains("requestBody")) {
    for (const auto& [type, content] : operation["requestBody"]["content"].items()) {
      out += "<tr><td>body</td><td>" + schema_name(content["schema"]) + "</td><td>" +
             escaped(type) + "</td></tr>\n";
    }
  }
  return out + response_rows(document, operation["responses"]) + "</table></section>\n";
}

std::string schema_section(const std::string& name, const json& schema) {
  return "<section id=\"" + escaped(name) + "\"><h3>" + escaped(name) + "</h3><pre>" +
         escaped(schema.dump(2)) + "</pre></section>\n";
}

constexpr const char* page_head =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>Sonde: HTTP interface</title>"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
    "1rem;"
    "color:#1b1f24;background:#fff}table{border-collapse:collapse;width:100%}td{border-top:1px "
    "solid "
    "#d0d7de;padding:.3rem .6rem;vertical-align:top}code,pre{font:14px/1.45 ui-monospace,monospace}"
    "pre{background:#f6f8fa;padding:.8rem;overflow:auto;max-height:30rem}h3{margin-top:2rem}"
    "a{color:#0550ae}@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}"
    "pre{background:#161b22}td{border-color:#30363d}a{color:#79c0ff}}</style></head><body>\n";

}  // namespace

json openapi_document(const std::string& version) {
  auto out = model::parse_own(openapi_text());
  if (!out.is_object()) throw std::logic_error("ingest/docs/openapi.json is not a JSON object");
  out["info"]["version"] = version;
  auto& types = out["components"]["schemas"]["EntityType"]["enum"];
  types = json::array();
  for (const auto& one : model::all_definitions())
    types.push_back(one.type);
  return out;
}

std::string openapi_page(const json& document) {
  const auto& info = document["info"];
  std::string out = page_head;
  out += "<h1>" + text_at(info, "title") + " " + text_at(info, "version") + "</h1>\n<p>" +
         text_at(info, "summary") + " " + text_at(info, "description") +
         "</p>\n<p>For programs: <a href=\"/openapi.json\">/openapi.json</a></p>\n";
  for (const auto& tag : document["tags"]) {
    out += "<h2>" + text_at(tag, "description") + "</h2>\n";
    for (const auto& [path, whole] : document["paths"].items()) {
      for (const auto& [method, operation] : whole.items()) {
        bool listed = operation.is_object() && operation.contains("tags") &&
                      operation["tags"][0] == tag["name"];
        if (listed) out += operation_section(document, path, method, whole);
      }
    }
  }
  out += "<h2>Bodies</h2>\n";
  for (const auto& [name, schema] : document["components"]["schemas"].items())
    out += schema_section(name, schema);
  return out + "</body></html>\n";
}

}  // namespace sonde::ingest
