#include "client/server_address.hpp"

#include "client/errc.hpp"
#include "model/ip_address.hpp"

#include <boost/asio/ip/address.hpp>

#include <charconv>
#include <cstdint>

namespace sonde::client {
namespace {

constexpr const char* usual_port = "8480";

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
  std::string rest = text;
  server_address out;
  if (rest.starts_with("http://")) {
    rest = rest.substr(7);
  } else if (rest.starts_with("https://")) {
    rest = rest.substr(8);
    out.tls = true;
  }
  if (rest.ends_with('/')) rest.pop_back();
  auto refusal = fail(errc::usage, "\"" + text +
                                       "\" is no server; write it as in http://127.0.0.1:8480 or "
                                       "https://scan.example:8480");
  // In brackets a colon is the address's own.
  auto colon = rest.ends_with(']') ? std::string::npos : rest.rfind(':');
  out.host = rest.substr(0, colon);
  if (colon != std::string::npos) out.port = rest.substr(colon + 1);
  constexpr const char* name_characters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
  if (out.host.starts_with('[') && out.host.ends_with(']')) {
    out.host = out.host.substr(1, out.host.size() - 2);
    auto address = model::ip_address::parse(out.host);
    if (!address || address->is_v4()) return refusal;
  } else if (out.host.empty() || out.host.find_first_not_of(name_characters) != std::string::npos) {
    return refusal;
  }
  if (out.port.empty()) {
    out.port = usual_port;
    return fail(errc::usage, "\"" + text + "\" has no port; give one, as in " + out.text());
  }
  std::uint16_t port = 0;
  auto parsed = std::from_chars(out.port.data(), out.port.data() + out.port.size(), port);
  bool whole = parsed.ec == std::errc{} && parsed.ptr == out.port.data() + out.port.size();
  if (!whole || port == 0) return refusal;
  return out;
}

}  // namespace sonde::client
