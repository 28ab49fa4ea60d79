#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// RFC 1035, section 4 (messages); RFC 7766, section 8 (over TCP); RFC 4892 (version.bind).
constexpr std::uint16_t dns_ports[] = {53, 853};
constexpr std::size_t dns_header = 12;
constexpr std::uint16_t dns_txt = 16;
constexpr std::uint16_t dns_chaos = 3;
/// The question: name, type TXT, class CHAOS.
constexpr std::string_view dns_question{
    "\x07version\x04"
    "bind\0\0\x10\0\x03",
    18};

/// The beginning of the text, and the product that writes it. The version follows.
struct dns_product {
  std::string_view start;
  std::string_view name;
};
constexpr std::array<dns_product, 10> dns_products = {{
    {"unbound ", "Unbound"},
    {"dnsmasq-pi-hole-v", "dnsmasq"},
    {"dnsmasq-pi-hole-", "dnsmasq"},
    {"dnsmasq-", "dnsmasq"},
    {"PowerDNS Authoritative Server ", "PowerDNS Authoritative Server"},
    {"PowerDNS Recursor ", "PowerDNS Recursor"},
    {"NSD ", "NSD"},
    {"Knot DNS ", "Knot DNS"},
    {"CoreDNS-", "CoreDNS"},
    {"Microsoft DNS ", "Microsoft DNS"},
}};

std::uint16_t dns_id(const talk_context& context) {
  return static_cast<std::uint16_t>(context.nonce & 0xFFFFU);
}

/// BIND writes its version alone: `9.18.28-1~deb12u2-Debian`, `9.11.4-P2-RedHat-9.11.4-26.P2.el7`.
/// Empty: the text is not BIND's.
std::string_view dns_bind_version(std::string_view text) {
  auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  auto numbers = text.substr(0, end);
  if (!numbers.starts_with("9.") || numbers.ends_with('.')) return {};
  if (std::ranges::count(numbers, '.') != 2) return {};
  auto behind = text.substr(end);
  bool patched = behind.starts_with("-P") || behind.starts_with("-S");
  if (!patched || !starts_with_digits(behind.substr(2), 1)) return numbers;
  auto patch = behind.find_first_not_of("0123456789", 2);
  return text.substr(0, std::min(patch, behind.size()) + end);
}

void note_dns_version(std::string_view text, model::service_observation& service) {
  service.facts.push_back({"version-bind", std::string(text)});
  for (const auto& each : dns_products) {
    if (!text.starts_with(each.start)) continue;
    service.product = each.name;
    auto version = text.substr(each.start.size());
    if (!starts_with_digits(version, 1)) return;
    auto end = version.find_first_not_of("0123456789.abcdefghijklmnopqrstuvwxyz");
    service.version = version.substr(0, end);
    return;
  }
  auto version = dns_bind_version(text);
  if (version.empty()) return;
  service.product = "BIND";
  service.version = version;
}

/// Skips a name: labels and then zero, or a pointer (section 4.1.4).
void skip_dns_name(byte_reader& read) {
  while (read.ok()) {
    auto length = read.u8();
    if (length >= 0xC0) read.u8();
    if (length == 0 || length >= 0xC0) return;
    read.take(length);
  }
}

/// The first string of the first TXT record; empty: there is none.
std::string_view dns_text(byte_reader read, unsigned answers) {
  for (unsigned i = 0; i < answers && read.ok(); ++i) {
    skip_dns_name(read);
    auto type = read.be16();
    auto in_class = read.be16();
    read.be32();
    auto size = read.be16();
    byte_reader data(read.take(size));
    if (!read.ok() || type != dns_txt || in_class != dns_chaos) continue;
    return data.take(data.u8());
  }
  return {};
}

talk_step read_dns(std::string_view response, const talk_context& context) {
  byte_reader read(response);
  auto size = read.be16();
  if (read.ok() && size < dns_header) return talk_step::not_ours();
  auto id = read.be16();
  if (read.ok() && id != dns_id(context)) return talk_step::not_ours();
  // A response (QR) to a standard query (OPCODE 0).
  auto flags = read.be16();
  if (read.ok() && (flags & 0xF800U) != 0x8000U) return talk_step::not_ours();
  auto questions = read.be16();
  auto answers = read.be16();
  read.be32();
  if (!read.ok() || response.size() < 2U + size) return talk_step::incomplete();
  auto body = response.substr(2 + dns_header, size - dns_header);
  bool echoed = questions == 1 && body.starts_with(dns_question);
  // With an error the question may be left out.
  bool refused = (flags & 0xFU) != 0 && questions == 0;
  if (!echoed && !refused) return talk_step::not_ours();
  auto known = proven_service("dns");
  if (echoed) {
    auto text = dns_text(byte_reader(body.substr(dns_question.size())), answers);
    if (!text.empty()) note_dns_version(text, known.service);
  }
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_dns(const talk_context& context) {
  auto size = static_cast<std::uint16_t>(dns_header + dns_question.size());
  // One question, and no records.
  auto head = byte_writer().be16(size).be16(dns_id(context)).be16(0).be16(1).be16(0).be32(0).take();
  return std::make_unique<one_exchange>(head + std::string(dns_question), read_dns, context);
}

}  // namespace

constinit const protocol_module dns_module{
    .name = "dns", .hinted_ports = dns_ports, .talk = talk_dns, .asked_anywhere = true};

}  // namespace sonde::scanner::modules
