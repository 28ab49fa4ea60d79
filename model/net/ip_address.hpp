#pragma once

#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sonde::model {

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2) is converted to
/// the IPv4 address, so every address has one form.
class ip_address {
 public:
  ip_address() = default;

  /// Parses dotted decimal without leading zeros, or RFC 4291 text. Zones, brackets and prefixes
  /// are not accepted.
  [[nodiscard]] static std::optional<ip_address> parse(std::string_view text);
  /// Makes an address from four or sixteen bytes in network order.
  [[nodiscard]] static ip_address from_bytes(std::span<const std::byte> bytes);

  [[nodiscard]] bool is_v4() const { return size_ == 4; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }
  /// Returns the shortest form: RFC 5952 for IPv6.
  [[nodiscard]] std::string text() const;

  auto operator<=>(const ip_address&) const = default;

 private:
  std::uint8_t size_ = 4;
  std::array<std::byte, 16> bytes_{};
};

/// An address range with a prefix length, as in `203.0.113.0/24`.
class network {
 public:
  /// Parses a network. The address must have no bits beyond the prefix: `10.0.0.1/8` is an error,
  /// not 10/8. An address without a prefix is a network of one address.
  [[nodiscard]] static result<network> parse(std::string_view text);
  /// Returns the network of `prefix` bits that contains `address`.
  [[nodiscard]] static network around(const ip_address& address, unsigned prefix);

  [[nodiscard]] bool contains(const ip_address& address) const;
  [[nodiscard]] const ip_address& first() const { return first_; }
  [[nodiscard]] unsigned prefix() const { return prefix_; }
  [[nodiscard]] std::string text() const;

  auto operator<=>(const network&) const = default;

 private:
  network(ip_address first, unsigned prefix) : first_(first), prefix_(prefix) {}

  ip_address first_;
  unsigned prefix_ = 0;
};

}  // namespace sonde::model
