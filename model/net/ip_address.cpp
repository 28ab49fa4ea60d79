#include "model/net/ip_address.hpp"

#include "model/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace sonde::model {
namespace {

constexpr std::size_t longest_text = INET6_ADDRSTRLEN;

/// Clears every bit after the first `prefix` bits.
ip_address masked(const ip_address& address, unsigned prefix) {
  std::array<std::byte, 16> bytes{};
  auto source = address.bytes();
  for (std::size_t i = 0; i < source.size(); ++i) {
    auto kept = prefix > 8 * i ? std::min<std::size_t>(prefix - 8 * i, 8) : 0;
    bytes[i] = source[i] & std::byte(0xFF00U >> kept & 0xFFU);
  }
  return ip_address::from_bytes(std::span(bytes).first(source.size()));
}

std::string v6_text(std::span<const std::byte> bytes) {
  std::array<unsigned, 8> groups;
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] =
        std::to_integer<unsigned>(bytes[2 * i]) << 8U | std::to_integer<unsigned>(bytes[2 * i + 1]);
  }
  // RFC 5952, section 4.2: "::" replaces the first of the longest runs of two or more zero groups.
  std::size_t gap = 8;
  std::size_t gap_size = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0)
      ++end;
    if (end - i > gap_size) {
      gap = i;
      gap_size = end - i;
    }
    i = std::max(end, i + 1);
  }
  std::string out;
  std::array<char, 4> digits;
  for (std::size_t i = 0; i < 8;) {
    if (i == gap) {
      out += "::";
      i += gap_size;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr;
    out.append(digits.data(), end);
    ++i;
  }
  return out;
}

}  // namespace

std::optional<ip_address> ip_address::parse(std::string_view text) {
  if (text.empty() || text.size() > longest_text) return std::nullopt;
  std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  std::array<std::byte, 16> bytes;
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
    return from_bytes(std::span(bytes).first(4));
  }
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return from_bytes(bytes);
  return std::nullopt;
}

ip_address ip_address::from_bytes(std::span<const std::byte> bytes) {
  static constexpr std::array<unsigned char, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
  if (bytes.size() == 16 && std::memcmp(bytes.data(), mapped.data(), mapped.size()) == 0) {
    bytes = bytes.subspan(mapped.size());
  }
  ip_address out;
  out.size_ = static_cast<std::uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
  return out;
}

std::string ip_address::text() const {
  if (!is_v4()) return v6_text(bytes());
  std::array<char, INET_ADDRSTRLEN> text;
  inet_ntop(AF_INET, bytes_.data(), text.data(), text.size());
  return text.data();
}

result<network> network::parse(std::string_view text) {
  auto refuse = [&](std::string why) {
    return fail(errc::invalid_network, "\"" + std::string(text) + "\" " + std::move(why));
  };
  auto slash = text.find('/');
  auto address = ip_address::parse(text.substr(0, slash));
  if (!address) return refuse("is not a network: write it as in 203.0.113.0/24 or 2001:db8::/32");
  unsigned longest = address->is_v4() ? 32 : 128;
  unsigned prefix = longest;
  if (slash != std::string_view::npos) {
    auto digits = text.substr(slash + 1);
    auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() ||
        prefix > longest) {
      return refuse("has a prefix length that is not a number up to " + std::to_string(longest));
    }
  }
  auto first = masked(*address, prefix);
  if (first != *address) {
    return refuse(
        fmt::format("has bits beyond its prefix: the network is {}/{}", first.text(), prefix));
  }
  return network(first, prefix);
}

network network::around(const ip_address& address, unsigned prefix) {
  return {masked(address, prefix), prefix};
}

bool network::contains(const ip_address& address) const {
  return address.is_v4() == first_.is_v4() && masked(address, prefix_) == first_;
}

std::string network::text() const {
  return first_.text() + "/" + std::to_string(prefix_);
}

}  // namespace sonde::model
