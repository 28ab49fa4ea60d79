#include "model/net/target.hpp"

#include "model/errc.hpp"
#include "model/net/fqdn.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

constexpr std::size_t longest_shown = 80;

bool only(std::string_view text, std::string_view alphabet) {
  return text.find_first_not_of(alphabet) == std::string_view::npos;
}

constexpr std::string_view decimal_digits = "0123456789";
constexpr std::string_view dotted = "0123456789.";
constexpr std::string_view hexadecimal = "0123456789abcdefABCDEF:.";

constexpr const char* has_port = "has a port; give the host alone, and ports in \"ports\"";

/// Explains why `parse` refused four dot-separated numbers: which octet is wrong, and why.
std::string dotted_defect(std::string_view text) {
  if (std::ranges::count(text, '.') != 3) {
    return "is neither an IPv4 address, which has four numbers, nor a name";
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find('.', begin), text.size());
    auto octet = text.substr(begin, end - begin);
    if (octet.empty()) return "is not an IPv4 address: a number is missing between two dots";
    if (octet.size() > 1 && octet.front() == '0') {
      return "has an octet with a leading zero (" + std::string(octet) +
             "), which some programs read as octal; write it without";
    }
    begin = end + 1;
  }
  return "is not an IPv4 address: an octet is greater than 255";
}

/// Explains why a text with a slash is refused: an endpoint, a network or a path.
std::string slash_defect(std::string_view text) {
  auto slash = text.find('/');
  auto first = text.substr(0, slash);
  auto rest = text.substr(slash + 1);
  if (rest == "tcp" && first.find(':') != std::string_view::npos) return has_port;
  if (!first.empty() && only(first, hexadecimal) && !rest.empty() && only(rest, dotted)) {
    return "is a network, and networks are not expanded; give one address or one host name";
  }
  return "holds a path; give the host alone, as in example.com";
}

/// Returns true for a range of addresses in nmap's syntax: `192.0.2.1-20`, `192.0.2.*`.
bool is_range(std::string_view text) {
  return only(text, "0123456789.-*") && text.find_first_of("-*") != std::string_view::npos &&
         std::ranges::count(text, '.') == 3;
}

/// Explains common mistakes in targets. They are reported before the general rules for names.
std::string common_mistake(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    return "is a URL; give the host alone, as in example.com";
  }
  if (text.find('/') != std::string_view::npos) return slash_defect(text);
  if (text.find(',') != std::string_view::npos) {
    return "holds a comma; give one address or one host name";
  }
  if (is_range(text)) {
    return "is a range of addresses, and ranges are not expanded; give one address or one host "
           "name";
  }
  if (text.find('@') != std::string_view::npos) return "holds an @; give the host alone";
  if (text.find('%') != std::string_view::npos) {
    return "has a zone id, which is valid on one machine only; leave it out";
  }
  if (text.front() == '[') {
    return "is in brackets; write an IPv6 address bare, and ports in \"ports\"";
  }
  if (std::ranges::any_of(text, [](char c) { return c == ' ' || c == '\t' || c == '\n'; })) {
    return "holds white space";
  }
  auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    bool one_colon = text.find(':') == colon;
    if (one_colon && only(text.substr(colon + 1), decimal_digits)) return has_port;
    return only(text, hexadecimal) ? "is not an IPv6 address"
                                   : "has a colon, which is not allowed in a name";
  }
  if (only(text, decimal_digits)) {
    return "is a bare number, which some programs read as an address; write its four numbers";
  }
  if (only(text, dotted)) return dotted_defect(text);
  return {};
}

}  // namespace

result<target> target::parse(std::string_view text) {
  if (text.empty()) return fail(errc::invalid_target, "is empty; give an IP address or a name");
  if (auto address = ip_address::parse(text)) return of(*address);
  if (auto mistake = common_mistake(text); !mistake.empty()) {
    std::string shown(text.substr(0, longest_shown));
    if (shown.size() < text.size()) shown += "...";
    return fail(errc::invalid_target, "\"" + shown + "\" " + mistake);
  }
  auto name = parse_fqdn(text);
  if (!name) return name.error();
  target out;
  out.text_ = std::move(*name);
  return out;
}

target target::of(const ip_address& address) {
  target out;
  out.address_ = address;
  out.text_ = address.text();
  out.is_address_ = true;
  return out;
}

}  // namespace sonde::model
