#include "tls/host_match.hpp"

#include "base/ascii.hpp"
#include "tls/general_names.hpp"

#include <algorithm>

namespace sonde::tls {
namespace {

std::string_view without_final_dot(std::string_view name) {
  return name.substr(0, name.size() - (name.ends_with('.') ? 1 : 0));
}

/// Returns whether the last label is a number. Dotted decimal is an address even if it is used as a
/// name, and a wildcard must not match it.
bool ends_in_number(std::string_view name) {
  auto last = name.substr(name.rfind('.') + 1);
  return std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

bool matches_pattern(std::string_view pattern, std::string_view name) {
  pattern = without_final_dot(pattern);
  if (!pattern.starts_with("*.")) return ascii::equal_ignoring_case(pattern, name);
  auto parent = pattern.substr(2);
  auto dot = name.find('.');
  bool below_two_labels = parent.find('.') != std::string_view::npos;
  return below_two_labels && dot != 0 && dot != std::string_view::npos &&
         ascii::equal_ignoring_case(parent, name.substr(dot + 1));
}

}  // namespace

bool matches_host(const certificate& certificate, std::string_view dns_name) {
  auto name = without_final_dot(dns_name);
  if (name.empty() || name.find('*') != std::string_view::npos || ends_in_number(name)) {
    return false;
  }
  return std::ranges::any_of(certificate.names.dns.kept,
                             [&](const auto& pattern) { return matches_pattern(pattern, name); });
}

bool matches_address(const certificate& certificate, std::span<const std::byte> address) {
  std::string_view bytes(reinterpret_cast<const char*>(address.data()), address.size());
  auto text = address_text(bytes);
  return text && std::ranges::count(certificate.names.addresses.kept, *text) > 0;
}

}  // namespace sonde::tls
