#include "base/utf8.hpp"
#include "model/errc.hpp"
#include "model/facts/value_rules.hpp"
#include "model/net/address_class.hpp"
#include "model/net/fqdn.hpp"
#include "model/text/letter_case.hpp"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace sonde::model::value_rules {
namespace {

constexpr std::string_view address_forms = "write it as in 192.0.2.1 or 2001:db8::1";
/// `::ffff:0:0/96` contains the IPv4 addresses (RFC 4291, section 2.5.5.2).
constexpr unsigned mapped_prefix = 96;

/// Reads a number without leading zeros, at most `most`.
std::optional<unsigned> plain_number(std::string_view digits, unsigned most) {
  unsigned value = 0;
  auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  if (value > most || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  return value;
}

result<ip_address> parse_address(std::string_view text) {
  if (auto address = ip_address::parse(text)) return *address;
  std::string why = "is not an IP address; " + std::string(address_forms);
  if (text.find('/') != std::string_view::npos) why = "is a network, not an IP address";
  if (text.find('%') != std::string_view::npos) why = "has a zone; leave it out";
  if (text.find_first_of("[]") != std::string_view::npos) why = "has brackets; leave them out";
  return refuse(text, why);
}

/// Fails for an address that identifies different hosts for different readers.
result<> check_scope(const ip_address& address, const address_scope& scope) {
  const auto& kind = classify(address);
  if (kind.meaningful) return {};
  auto checked = scope.check(target::of(address));
  if (checked.what == address_scope::verdict::in_scope) return {};
  if (checked.what == address_scope::verdict::excluded) {
    return fail(errc::invalid_value, std::move(checked.reason));
  }
  return fail(
      errc::invalid_value,
      address.text() + " is " + std::string(kind.name) +
          "; this server accepts only globally routable addresses and those in its scope.allow");
}

}  // namespace

result<std::string> ip(std::string_view text, const address_scope& scope) {
  auto address = parse_address(text);
  if (!address) return address.error();
  if (auto meant = check_scope(*address, scope); !meant) return meant.error();
  return address->text();
}

result<std::string> cidr(std::string_view text, const address_scope& scope) {
  auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return refuse(text, "has no prefix length; write it as in 192.0.2.0/24 or 2001:db8::/32");
  }
  auto written = text.substr(0, slash);
  auto address = parse_address(written);
  if (!address) return address.error();
  bool mapped = address->is_v4() && written.find(':') != std::string_view::npos;
  unsigned least = mapped ? mapped_prefix : 0;
  unsigned most = address->is_v4() && !mapped ? 32 : 128;
  auto prefix = plain_number(text.substr(slash + 1), most);
  if (!prefix || *prefix < least) {
    return refuse(
        text, fmt::format("has a prefix length that is not a number from {} to {}", least, most));
  }
  auto range = network::around(*address, *prefix - least);
  if (auto meant = check_scope(*address, scope); !meant) return meant.error();
  if (auto meant = check_scope(range.first(), scope); !meant) return meant.error();
  return range.text();
}

result<std::string> endpoint(std::string_view text, const address_scope& scope) {
  auto malformed = [&] {
    return refuse(text,
                  "is not an endpoint; write it as in 192.0.2.1:443/tcp or [2001:db8::1]:443/tcp");
  };
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed();
  auto host = text.substr(0, colon);
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto address = ip_address::parse(host);
  if (!address || bracketed != (host.find(':') != std::string_view::npos)) return malformed();
  if (auto meant = check_scope(*address, scope); !meant) return meant.error();
  auto where = port(text.substr(colon + 1));
  if (!where) return where.error();
  return (address->is_v4() ? address->text() : "[" + address->text() + "]") + ":" + *where;
}

result<std::string> fqdn(std::string_view text) {
  auto name = parse_fqdn(text);
  if (!name) return fail(errc::invalid_value, to_utf8(name.error().message()));
  return name;
}

result<std::string> port(std::string_view text) {
  auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    auto transport = lower_case(text.substr(slash + 1));
    auto number = plain_number(text.substr(0, slash), 65'535);
    if (number && *number > 0 && (transport == "tcp" || transport == "udp")) {
      return std::to_string(*number) + "/" + transport;
    }
  }
  return refuse(
      text,
      "is not a port; write a number from 1 to 65535 and its transport, tcp or udp, as in 443/tcp");
}

result<std::string> mac(std::string_view text) {
  static const RE2 form("[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}");
  if (!RE2::FullMatch(text, form)) {
    return refuse(text,
                  "is not a MAC address; write six groups of two hexadecimal digits with hyphens, "
                  "as in 00-53-00-AB-CD-EF");
  }
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

}  // namespace sonde::model::value_rules
