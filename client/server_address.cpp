#include "client/server_address.hpp"

#include "client/errc.hpp"
#include "model/net/ip_address.hpp"
#include "net/url.hpp"

#include <boost/asio/ip/address.hpp>

namespace sonde::client {
namespace {

constexpr const char* usual_port = "8480";

/// Accepts a name in ASCII or an IP address. An IPv4-mapped address is refused.
bool is_host(const std::string& text) {
  constexpr const char* name_characters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
  if (text.find(':') == std::string::npos) {
    return text.find_first_not_of(name_characters) == std::string::npos;
  }
  auto address = model::ip_address::parse(text);
  return address && !address->is_v4();
}

}  // namespace

std::string server_address::authority() const {
  if (!socket.empty()) return "localhost";
  bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + port;
}

std::string server_address::text() const {
  if (!socket.empty()) return socket;
  return (tls ? "https://" : "http://") + authority();
}

bool server_address::is_this_machine() const {
  if (!socket.empty() || host == "localhost") return true;
  error_code failed;
  auto address = boost::asio::ip::make_address(host, failed);
  return !failed && address.is_loopback();
}

result<server_address> parse_server(const std::string& text) {
  auto refusal = fail(
      errc::usage,
      "\"" + text +
          "\" is not a server; write it as in http://127.0.0.1:8480 or https://scan.example:8480");
  bool has_scheme = text.find("://") != std::string::npos;
  auto parsed = net::parse_url(has_scheme ? text : "http://" + text);
  if (!parsed) return refusal;
  bool more = parsed->has_user || parsed->has_fragment ||
              (!parsed->target.empty() && parsed->target != "/");
  if (more || !is_host(parsed->host)) return refusal;
  server_address out{parsed->host, std::to_string(parsed->port)};
  out.tls = parsed->tls;
  // The default port of a URL is not the one that a server of this program has.
  if (!has_scheme && parsed->default_port) {
    out.port = usual_port;
    return fail(errc::usage, "\"" + text + "\" has no port; give one, as in " + out.text());
  }
  return out;
}

}  // namespace sonde::client
