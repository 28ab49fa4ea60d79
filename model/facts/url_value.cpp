// RFC 3986, extended to URLs that people report: with letters beyond ASCII, and with characters
// that should have been escaped. Such a URL is a fact to keep, but a strict parser would refuse it.

#include "model/facts/value_rules.hpp"
#include "model/net/ip_address.hpp"
#include "model/text/letter_case.hpp"
#include "model/text/text.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace sonde::model::value_rules {
namespace {

/// Returns true for a host's name (RFC 3986, section 3.2.2: reg-name) and for an empty host.
bool is_host_name(std::string_view host) {
  static const RE2 form("[^\\x00-\\x20\\x7f\"#/:<>?@[\\\\\\]^`{|}]*");
  return RE2::FullMatch(host, form);
}

bool is_port(std::string_view digits) {
  static const RE2 form("[0-9]{0,5}");
  if (!RE2::FullMatch(digits, form)) return false;
  unsigned port = 0;
  for (char c : digits)
    port = port * 10 + static_cast<unsigned>(c - '0');
  return port <= 65'535;
}

/// RFC 3986, section 2.1. In a query a lone percent sign is common and harmless.
bool has_lone_percent(std::string_view text) {
  static const RE2 form("(?:[^%]|%[0-9A-Fa-f]{2})*");
  return !RE2::FullMatch(text.substr(0, text.find_first_of("?#")), form);
}

struct authority {
  std::string_view user;  ///< including the @
  std::string_view host;
  std::string_view port;  ///< including the colon
};

authority split_authority(std::string_view text) {
  authority out;
  if (auto at = text.rfind('@'); at != std::string_view::npos) {
    out.user = text.substr(0, at + 1);
    text.remove_prefix(at + 1);
  }
  auto bracket = text.rfind(']');
  auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  out.host = text.substr(0, colon);
  if (colon != std::string_view::npos) out.port = text.substr(colon);
  return out;
}

/// Returns the defect of an authority, or an empty string.
std::string defect_of(const authority& where, std::string_view scheme) {
  if (!where.port.empty() && !is_port(where.port.substr(1))) {
    return "has a port that is not a number up to 65535";
  }
  if (where.host.starts_with('[')) {
    auto address = where.host.substr(1, where.host.size() - 2);
    bool closed = where.host.ends_with(']') && address.find(':') != std::string_view::npos;
    return closed && ip_address::parse(address) ? "" : "has brackets without an IPv6 address";
  }
  bool needed = scheme == "http" || scheme == "https" || !where.user.empty() || !where.port.empty();
  if (where.host.empty() && needed) return "has no host";
  return is_host_name(where.host) ? "" : "has a host with an invalid character";
}

}  // namespace

result<std::string> url(std::string_view text) {
  auto unprintable = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  if (std::ranges::any_of(text, unprintable)) {
    return refuse(text, "has a space or a control character; remove it, or write a space as %20");
  }
  if (has_lone_percent(text)) {
    return refuse(text, "has a % without two hexadecimal digits; write %25");
  }
  if (text.starts_with('/')) return std::string(text);
  static const RE2 form("([A-Za-z][A-Za-z0-9+.-]*):(.+)");
  re2::StringPiece written;
  re2::StringPiece behind;
  if (!RE2::FullMatch(text, form, &written, &behind)) {
    return refuse(text,
                  "is neither a URL with its scheme nor an absolute path; write it as in "
                  "https://example.com/page or /page");
  }
  auto scheme = lower_case(written);
  std::string_view rest = behind;
  if (!rest.starts_with("//")) return scheme + ":" + std::string(rest);
  rest.remove_prefix(2);
  auto end = std::min(rest.find_first_of("/?#"), rest.size());
  auto where = split_authority(rest.substr(0, end));
  if (auto defect = defect_of(where, scheme); !defect.empty()) return refuse(text, defect);
  return scheme + "://" + std::string(where.user) + lower_case(where.host) +
         std::string(where.port) + std::string(rest.substr(end));
}

}  // namespace sonde::model::value_rules
