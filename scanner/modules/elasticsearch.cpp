#include "scanner/modules/http_response.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t elasticsearch_ports[] = {9200};

void note_elasticsearch_text(const model::json& object, const char* field, const char* fact,
                             model::service_observation& service) {
  auto value = json_text(object, field);
  if (!value.empty()) service.facts.push_back({fact, value});
}

/// Elasticsearch reference, "Root API": `version.number` beside a tagline. OpenSearch has
/// `version.distribution` as well. Where a login is needed the answer is an error object, and the
/// field X-elastic-product (7.14 and later) or the type of the error names the product.
std::optional<recognition> read_elasticsearch(const model::json& document, std::string_view head) {
  if (!document.is_object()) return std::nullopt;
  auto known = proven_service("elasticsearch");
  auto& service = known.service;
  auto found = document.find("version");
  auto number = found == document.end() ? std::string() : json_text(*found, "number");
  if (!number.empty() && !json_text(document, "tagline").empty()) {
    bool opensearch = json_text(*found, "distribution") == "opensearch";
    service.name = opensearch ? "opensearch" : "elasticsearch";
    service.product = opensearch ? "OpenSearch" : "Elasticsearch";
    service.version = number;
    note_elasticsearch_text(document, "cluster_name", "cluster", service);
    note_elasticsearch_text(document, "name", "node", service);
    note_elasticsearch_text(*found, "lucene_version", "lucene-version", service);
    return known;
  }
  auto error = document.find("error");
  bool refused = error != document.end() && !json_text(*error, "type").empty() &&
                 document.find("status") != document.end();
  bool elastic = http_value(head, "x-elastic-product") == "Elasticsearch" ||
                 http_value(head, "www-authenticate").find("security") != std::string_view::npos;
  if (!refused || !elastic) return std::nullopt;
  service.sure = model::confidence::said;
  service.product = "Elasticsearch";
  return known;
}

std::unique_ptr<protocol_talk> talk_elasticsearch(const talk_context& context) {
  return http_json_talk("/", read_elasticsearch, context);
}

}  // namespace

constinit const protocol_module elasticsearch_module{
    .name = "elasticsearch", .hinted_ports = elasticsearch_ports, .talk = talk_elasticsearch};

}  // namespace sonde::scanner::modules
