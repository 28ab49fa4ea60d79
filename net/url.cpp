#include "net/url.hpp"

#include "net/errc.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <charconv>
#include <optional>

namespace sonde::net {
namespace {

namespace urls = boost::urls;

/// Reads a port of digits. Boost.URL 1.81 takes some numbers above 65535 modulo 65536.
std::optional<std::uint16_t> read_port(std::string_view digits) {
  std::uint16_t port = 0;
  auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  bool whole = read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
  if (!whole || port == 0) return std::nullopt;
  return port;
}

std::string_view view_of(urls::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

result<url> parse_url(std::string_view text) {
  auto parsed = urls::parse_uri({text.data(), text.size()});
  if (!parsed) return fail(errc::no_url, parsed.error().message());
  url out;
  out.tls = parsed->scheme_id() == urls::scheme::https;
  if (!out.tls && parsed->scheme_id() != urls::scheme::http) {
    return fail(errc::no_url, "the scheme is not http or https");
  }
  out.host = view_of(parsed->encoded_host_address());
  if (out.host.empty() || parsed->host_type() == urls::host_type::ipvfuture) {
    return fail(errc::no_url, "there is no host");
  }
  out.default_port = parsed->port().empty();
  std::string_view usual = out.tls ? "443" : "80";
  auto port = read_port(out.default_port ? usual : view_of(parsed->port()));
  if (!port) return fail(errc::no_url, "the port is not a number from 1 to 65535");
  out.port = *port;
  out.target = view_of(parsed->encoded_target());
  // Boost.URL 1.81 takes other bytes after the authority as a path.
  bool separate = out.target.empty() || out.target[0] == '/' || out.target[0] == '?';
  if (!separate) return fail(errc::no_url, "other characters follow the host or the port");
  out.has_user = parsed->has_userinfo();
  out.has_fragment = parsed->has_fragment();
  return out;
}

}  // namespace sonde::net
