#include "ingest/http/request_rules.hpp"

#include "base/ascii.hpp"
#include "base/result.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace sonde::ingest {
namespace {

constexpr std::size_t longest_host = 255;
constexpr std::size_t longest_port = 5;
constexpr std::uint64_t last_port = 65'535;

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_one_of(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

bool is_ipv6(std::string_view text) {
  constexpr std::string_view known = "0123456789ABCDEFabcdef:.";
  in6_addr address{};
  if (text.find_first_not_of(known) != text.npos) return false;
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_host && std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || is_one_of("-._", c);
  });
}

/// Accepts an empty text, or a colon and optional digits (RFC 3986, section 3.2.3).
bool is_port(std::string_view text) {
  if (text.empty() || text == ":") return true;
  if (text.front() != ':' || text.size() > longest_port + 1) return false;
  auto number = decimal_number(text.substr(1));
  return number && *number <= last_port;
}

/// Tells whether `fits` holds for each item between commas, without surrounding spaces.
template <class Predicate>
bool all_items(std::string_view text, Predicate fits) {
  while (true) {
    auto end = std::min(text.find(','), text.size());
    if (!fits(ascii::trimmed(text.substr(0, end)))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool is_token_byte(char c) {
  return is_letter_or_digit(c) || (c != '\0' && is_one_of("!#$%&'*+-.^_`|~", c));
}

bool is_target_byte(char c) {
  return is_letter_or_digit(c) || (c != '\0' && is_one_of("-._~!$&'()*+,;=:@/?%[]", c));
}

bool is_value_byte(char c) {
  auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= ' ' && byte != 0x7F);
}

bool is_authority(std::string_view text) {
  if (!text.starts_with('[')) {
    auto colon = std::min(text.find(':'), text.size());
    return is_name(text.substr(0, colon)) && is_port(text.substr(colon));
  }
  auto end = text.find(']');
  return end != std::string_view::npos && is_ipv6(text.substr(1, end - 1)) &&
         is_port(text.substr(end + 1));
}

std::string_view host_of(std::string_view authority) {
  bool bracketed = authority.starts_with('[');
  auto host = authority.substr(0, bracketed ? authority.find(']') + 1 : authority.find(':'));
  if (bracketed && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

bool is_local_authority(std::string_view authority) {
  auto host = host_of(authority);
  if (ascii::equal_ignoring_case(host, "localhost")) return true;
  error_code failed;
  auto address = boost::asio::ip::make_address(std::string(host), failed);
  return !failed && address.is_loopback();
}

std::optional<std::uint64_t> decimal_number(std::string_view text) {
  std::uint64_t out = 0;
  const auto* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, out);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return out;
}

bool is_token_list(std::string_view text) {
  return all_items(text,
                   [](std::string_view item) { return std::ranges::all_of(item, is_token_byte); });
}

bool has_token(std::string_view list, std::string_view token) {
  return !all_items(
      list, [&](std::string_view item) { return !ascii::equal_ignoring_case(item, token); });
}

std::optional<target_form> form_of_target(std::string_view target) {
  auto plain = [](std::string_view path) { return path.find_first_of("[]") == path.npos; };
  if (target == "*") return target_form{{}, "*"};
  if (target.starts_with('/')) {
    if (!plain(target)) return std::nullopt;
    return target_form{{}, std::string(target)};
  }
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!ascii::equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    auto end = std::min(target.find_first_of("/?"), target.size());
    auto authority = target.substr(0, end);
    auto rest = target.substr(end);
    if (!is_authority(authority) || !plain(rest)) return std::nullopt;
    return target_form{authority, (rest.starts_with('/') ? "" : "/") + std::string(rest)};
  }
  return std::nullopt;
}

}  // namespace sonde::ingest
