#pragma once

#include "base/result.hpp"
#include "model/net/ip_address.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace sonde::model {

/// The target of a scan: one IP address or one fully qualified domain name, in canonical form.
class target {
 public:
  target() = default;

  /// Parses a target. Refuses everything that is not one host (ports, URLs, networks, zone ids,
  /// single labels …). The error says what to write instead.
  [[nodiscard]] static result<target> parse(std::string_view text);
  [[nodiscard]] static target of(const ip_address& address);

  [[nodiscard]] bool is_address() const { return is_address_; }
  /// Valid only if `is_address()`.
  [[nodiscard]] const ip_address& address() const { return address_; }
  /// The shortest form of an address; an FQDN in lower-case A-labels without the trailing dot.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Returns the entity type of the target: `ip` or `hostname`.
  [[nodiscard]] const char* entity_type() const { return is_address_ ? "ip" : "hostname"; }

  auto operator<=>(const target&) const = default;

 private:
  std::string text_;
  ip_address address_;
  bool is_address_ = false;
};

}  // namespace sonde::model
