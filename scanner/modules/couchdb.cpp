#include "scanner/modules/http_response.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t couchdb_ports[] = {5984, 6984};

/// CouchDB documentation, API, "Server", `/`: `{"couchdb":"Welcome","version":"3.2.2",…}`. The
/// server of PouchDB, which speaks the same protocol, has `express-pouchdb` in its place.
std::optional<recognition> read_couchdb(const model::json& document, std::string_view) {
  bool pouch = json_text(document, "express-pouchdb").starts_with("Welcome");
  if (!pouch && json_text(document, "couchdb") != "Welcome") return std::nullopt;
  auto known = proven_service("couchdb");
  known.service.product = pouch ? "express-pouchdb" : "CouchDB";
  known.service.version = json_text(document, "version");
  auto vendor = document.find("vendor");
  auto name = vendor == document.end() ? std::string() : json_text(*vendor, "name");
  if (!name.empty()) known.service.facts.push_back({"vendor", name});
  return known;
}

std::unique_ptr<protocol_talk> talk_couchdb(const talk_context& context) {
  return http_json_talk("/", read_couchdb, context);
}

}  // namespace

constinit const protocol_module couchdb_module{
    .name = "couchdb", .hinted_ports = couchdb_ports, .talk = talk_couchdb};

}  // namespace sonde::scanner::modules
