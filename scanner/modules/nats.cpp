#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"
#include "scanner/modules/tls_follows.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t nats_ports[] = {4222, 6222, 7422};

/// `INFO {"server_id":…}` (NATS client protocol, "INFO").
std::optional<recognition> recognise_nats(std::string_view said) {
  constexpr std::string_view start = "INFO {\"server_id\":\"";
  if (!said.starts_with(start) || said.find('\n') == std::string_view::npos) return std::nullopt;
  auto line = line_of(said);
  auto out = text_service("nats", line);
  out.service.sure = model::confidence::proven;
  out.complete = true;
  // The connection's number, the client's address, and the challenge of the authentication.
  out.masked = mask_behind(mask_ids(line), "\"client_id\":", ',');
  out.masked = mask_behind(out.masked, "\"client_ip\":\"", '"');
  out.masked = mask_behind(out.masked, "\"nonce\":\"", '"');
  auto version = flat_json_field(line, "version");
  if (!version.empty()) {
    out.service.product = "NATS";
    out.service.version = version;
  }
  auto& facts = out.service.facts;
  auto protocol = flat_json_field(line, "proto");
  if (!protocol.empty()) facts.push_back({"protocol-version", std::string(protocol)});
  auto name = flat_json_field(line, "server_name");
  if (!name.empty()) facts.push_back({"server-name", std::string(name)});
  auto cluster = flat_json_field(line, "cluster");
  if (!cluster.empty()) facts.push_back({"cluster", std::string(cluster)});
  if (flat_json_field(line, "auth_required") == "true")
    facts.push_back({"authentication", "required"});
  if (flat_json_field(line, "tls_required") == "true") {
    facts.push_back({"starttls", "required"});
  } else if (flat_json_field(line, "tls_available") == "true") {
    facts.push_back({"starttls", "offered"});
  }
  return out;
}

/// A server that requires or offers TLS expects a ClientHello after its INFO.
std::unique_ptr<protocol_talk> after_nats(const recognition& greeting, talk_place where) {
  if (where == talk_place::inside_tls) return nullptr;
  auto line = line_of(greeting.raw);
  bool offers = flat_json_field(line, "tls_required") == "true" ||
                flat_json_field(line, "tls_available") == "true";
  if (!offers) return nullptr;
  return std::make_unique<tls_follows>();
}

}  // namespace

constinit const protocol_module nats_module{.name = "nats",
                                            .hinted_ports = nats_ports,
                                            .recognise = recognise_nats,
                                            .after_greeting = after_nats};

}  // namespace sonde::scanner::modules
