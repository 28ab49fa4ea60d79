#include "base/ascii.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::scanner::modules {
namespace {

// X Window System Protocol, X Version 11, Release 6.8, section 8 (connection setup).
constexpr std::uint16_t x11_ports[] = {6000, 6001, 6002, 6003, 6004, 6005,
                                       6006, 6007, 6008, 6009, 6010};
/// Little-endian, version 11.0, no authorization.
constexpr std::string_view x11_request{"l\0\x0B\0\0\0\0\0\0\0\0\0", 12};
constexpr std::uint8_t x11_failed = 0;
constexpr std::uint8_t x11_success = 1;
constexpr std::size_t x11_head = 8;
constexpr std::size_t x11_fixed = 32;  // of a success, after the head
constexpr std::size_t x11_most = 64 * 1024;
constexpr std::size_t x11_longest_reason = 1024;

/// X.Org's release number, 12101007: version 1.21.1.7, which is called 21.1.7 since 21.
std::string x11_version(std::uint32_t release) {
  auto major = release / 10000000;
  auto minor = release / 100000 % 100;
  auto patch = std::to_string(release / 1000 % 100);
  auto snapshot = release % 1000;
  auto tail = snapshot == 0 ? std::string() : "." + std::to_string(snapshot);
  auto version = fmt::format("{}.{}", minor, patch);
  if (major == 1 && minor >= 21) return fmt::format("{}.{}", version, snapshot);
  return fmt::format("{}.{}{}", major, version, tail);
}

bool is_x11_reason(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= ' ' && c < '\x7F') || c == '\n' || c == '\r' || c == '\t' || c == '\0';
  });
}

talk_step x11_refused(std::string_view reason, std::string_view access) {
  if (!is_x11_reason(reason)) return talk_step::not_ours();
  auto known = proven_service("x11");
  known.service.facts.push_back({"access", std::string(access)});
  auto text = ascii::trimmed_right(reason, std::string_view("\n\r\0", 3));
  if (!text.empty()) known.service.facts.push_back({"reason", std::string(text)});
  return talk_step::is(std::move(known));
}

/// The vendor is enough; the screens that follow are not waited for.
talk_step read_x11_setup(byte_reader read, std::size_t size) {
  auto release = read.le32();
  read.le32();  // resource identifiers, their mask
  read.le32();
  read.le32();  // motion buffer
  auto vendor_size = read.le16();
  read.le16();  // longest request
  auto screens = read.u8();
  read.u8();  // formats
  auto byte_order = read.u8();
  auto bit_order = read.u8();
  read.le16();  // bitmap format
  auto least_key = read.u8();
  read.u8();
  read.le32();  // unused
  bool plausible = screens > 0 && byte_order <= 1 && bit_order <= 1 && least_key >= 8 &&
                   vendor_size <= size - x11_fixed;
  if (read.ok() && !plausible) return talk_step::not_ours();
  auto vendor = read.take(vendor_size);
  if (!read.ok()) return talk_step::incomplete();
  auto known = proven_service("x11");
  auto& service = known.service;
  service.facts.push_back({"access", "open"});
  service.facts.push_back({"vendor", std::string(vendor)});
  service.facts.push_back({"release", std::to_string(release)});
  // Later numbers than 21 are Xwayland's, or those of X.Org's heirs.
  bool own = release >= 10000000 && release < 12200000;
  if (own && vendor == "The X.Org Foundation") {
    service.product = "X.Org";
    service.version = x11_version(release);
  }
  return talk_step::is(std::move(known));
}

talk_step read_x11(std::string_view response, const talk_context&) {
  byte_reader read(response);
  auto answer = read.u8();
  if (read.ok() && answer > 2) return talk_step::not_ours();
  bool versioned = answer == x11_failed || answer == x11_success;
  std::size_t reason_size = read.u8();
  auto major = read.le16();
  if (read.ok() && versioned && major != 11) return talk_step::not_ours();
  auto minor = read.le16();
  if (read.ok() && versioned && minor != 0) return talk_step::not_ours();
  // In units of four bytes.
  std::size_t size = std::size_t{4} * read.le16();
  if (!read.ok()) return talk_step::incomplete();
  if (answer == x11_success) {
    if (size <= x11_fixed || size > x11_most) return talk_step::not_ours();
    return read_x11_setup(byte_reader(response.substr(x11_head)), size);
  }
  bool padded = !versioned || (reason_size + 3) / 4 * 4 == size;
  if (size == 0 || size > x11_longest_reason || !padded) return talk_step::not_ours();
  if (response.size() < x11_head + size) return talk_step::incomplete();
  auto reason = response.substr(x11_head, versioned ? reason_size : size);
  return x11_refused(reason, versioned ? "refused" : "authentication-required");
}

std::unique_ptr<protocol_talk> talk_x11(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(x11_request), read_x11, context);
}

}  // namespace

constinit const protocol_module x11_module{
    .name = "x11", .hinted_ports = x11_ports, .talk = talk_x11, .asked_anywhere = true};

}  // namespace sonde::scanner::modules
