#include "base/ascii.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// SIP (RFC 3261).
constexpr std::uint16_t sip_ports[] = {5060, 5061, 5080, 5160};
constexpr std::uint16_t sip_tls_port = 5061;
constexpr std::size_t sip_most = 64 * 1024;
constexpr std::string_view sip_start = "SIP/2.0 ";

constexpr std::array<known_product, 4> sip_servers = {{
    {"kamailio (", "Kamailio"},
    {"OpenSIPS (", "OpenSIPS"},
    {"Asterisk PBX", "Asterisk"},
    {"FreeSWITCH-mod_sofia/", "FreeSWITCH"},
}};

/// Fields that repeat the request or differ each time.
constexpr std::array<std::string_view, 12> sip_volatile = {
    "via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "date", "warning", "contact"};

std::string sip_nonce(const talk_context& context) {
  return "sonde" + std::to_string(context.nonce);
}

/// OPTIONS asks what a server can do (section 11). The request names no user.
std::string sip_request(const talk_context& context) {
  bool bracketed = context.host.find(':') != std::string::npos;
  auto host = bracketed ? "[" + context.host + "]" : context.host;
  auto nonce = sip_nonce(context);
  std::string transport = context.port == sip_tls_port ? "TLS" : "TCP";
  return "OPTIONS sip:" + host + " SIP/2.0\r\nVia: SIP/2.0/" + transport +
         " sonde.invalid;branch=z9hG4bK" + nonce + ";rport\r\nMax-Forwards: 70\r\n" +
         "To: <sip:" + host + ">\r\nFrom: <sip:sonde.invalid>;tag=" + nonce +
         "\r\nCall-ID: " + nonce + "\r\nCSeq: 1 OPTIONS\r\nAccept: application/sdp\r\n" +
         "User-Agent: " + context.user_agent + "\r\nContent-Length: 0\r\n\r\n";
}

struct sip_line {
  std::string_view name;
  std::string_view value;
};

sip_line split_sip_line(std::string_view line) {
  auto colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  return {ascii::trimmed_right(line.substr(0, colon), " "),
          ascii::trimmed_left(line.substr(colon + 1), " ")};
}

void note_sip_server(std::string_view value, model::service_observation& service) {
  service.facts.push_back({"user-agent", std::string(value)});
  if (find_product(value, sip_servers, service)) {
    service.version = service.version.substr(0, service.version.find_first_of("~+-"));
    return;
  }
  auto known = split_version(value, '/');
  service.product = known.version.empty() ? std::string(value) : known.product;
  service.version = known.version;
}

/// Reads a response's head, without the empty line that ends it.
recognition sip_service(std::string_view head, std::string_view nonce) {
  auto out = text_service("sip", head);
  out.masked.clear();
  for (byte_reader lines(head); lines.left() > 0;) {
    auto rest = lines.rest();
    auto line = line_of(rest);
    lines.take(std::min(line.size() + 2, rest.size()));
    auto field = split_sip_line(line);
    auto named = [&](std::string_view name) {
      return ascii::equal_ignoring_case(field.name, name);
    };
    if (named("server") || (named("user-agent") && out.service.product.empty())) {
      note_sip_server(field.value, out.service);
    }
    if (named("allow")) out.service.facts.push_back({"allow", std::string(field.value)});
    bool ours = !nonce.empty() && (named("call-id") || named("i")) && field.value == nonce;
    if (ours) out.service.sure = model::confidence::proven;
    bool same = std::ranges::none_of(sip_volatile, named);
    if (!out.masked.empty()) out.masked += "\r\n";
    out.masked += same ? std::string(line) : std::string(field.name) + ": *";
  }
  out.complete = true;
  return out;
}

bool is_sip_status(std::string_view said) {
  return said.starts_with(sip_start) && starts_with_digits(said.substr(sip_start.size()), 3);
}

std::optional<recognition> recognise_sip(std::string_view said) {
  auto end = said.find("\r\n\r\n");
  if (!is_sip_status(said) || end == std::string_view::npos) return std::nullopt;
  return sip_service(said.substr(0, end), {});
}

/// A provisional response, `100 Trying`, comes before the one that answers (section 13.2.2.1).
talk_step read_sip(std::string_view response, const talk_context& context) {
  if (response.size() > sip_most) return talk_step::not_ours();
  while (true) {
    if (!response.starts_with(sip_start.substr(0, response.size()))) return talk_step::not_ours();
    auto end = response.find("\r\n\r\n");
    bool status = response.size() < sip_start.size() + 3 || is_sip_status(response);
    if (!status) return talk_step::not_ours();
    if (end == std::string_view::npos) return talk_step::incomplete();
    if (!is_sip_status(response)) return talk_step::not_ours();
    bool provisional = response[sip_start.size()] == '1';
    if (!provisional) {
      return talk_step::is(sip_service(response.substr(0, end), sip_nonce(context)));
    }
    response.remove_prefix(end + 4);
  }
}

std::unique_ptr<protocol_talk> talk_sip(const talk_context& context) {
  return std::make_unique<one_exchange>(sip_request(context), read_sip, context);
}

}  // namespace

constinit const protocol_module sip_module{
    .name = "sip", .hinted_ports = sip_ports, .recognise = recognise_sip, .talk = talk_sip};

}  // namespace sonde::scanner::modules
