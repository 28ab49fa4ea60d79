#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <array>

namespace sonde::scanner::modules {
namespace {

// MS-SMB2, sections 2.1 (over TCP), 2.2.1.2 (header), 2.2.3 and 2.2.4 (NEGOTIATE).
constexpr std::uint16_t smb_ports[] = {445, 139};
constexpr std::uint32_t smb_protocol = 0xFE534D42;  // FE, then SMB
constexpr std::uint16_t smb_header = 64;
constexpr std::uint32_t smb_most = 64 * 1024;
constexpr std::uint16_t smb_response_size = 65;  // of a NEGOTIATE response, by its first field
constexpr std::uint16_t smb_error_size = 9;

struct smb_dialect {
  std::uint16_t number;
  std::string_view name;
};
constexpr std::array<smb_dialect, 5> smb_dialects = {
    {{0x0202, "2.0.2"}, {0x0210, "2.1"}, {0x0300, "3.0"}, {0x0302, "3.0.2"}, {0x0311, "3.1.1"}}};

std::string smb_request(std::uint32_t nonce) {
  // Command 0, one credit, message 0, no tree, no session.
  auto head = byte_writer().be32(smb_protocol).le16(smb_header).zeros(8).le16(1).zeros(48).take();
  auto count = static_cast<std::uint16_t>(smb_dialects.size());
  byte_writer body;
  // Signing is possible; no capabilities; an identifier of the client; one context at 112.
  body.le16(36).le16(count).le16(1).le16(0).le32(0);
  body.le32(nonce).le32(nonce).le32(nonce).le32(nonce);
  body.le32(112).le16(1).le16(0);
  for (const auto& each : smb_dialects)
    body.le16(each.number);
  body.zeros(2);
  // SMB2_PREAUTH_INTEGRITY_CAPABILITIES: SHA-512, and a salt of 32 bytes.
  body.le16(1).le16(38).le32(0).le16(1).le16(32).le16(1);
  for (int i = 0; i < 8; ++i)
    body.le32(nonce);
  auto message = head + body.take();
  return byte_writer().be32(static_cast<std::uint32_t>(message.size())).text(message).take();
}

/// A GUID of 16 bytes as text; its first three fields are little-endian (MS-DTYP, section 2.3.4).
std::string smb_guid(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::array<std::size_t, 16> order = {3, 2, 1,  0,  5,  4,  7,  6,
                                                 8, 9, 10, 11, 12, 13, 14, 15};
  if (bytes.size() != order.size()) return {};
  std::string out;
  for (auto at : order) {
    if (out.size() == 8 || out.size() == 13 || out.size() == 18 || out.size() == 23) out += '-';
    unsigned value = static_cast<unsigned char>(bytes[at]);
    out += digits[value >> 4U];
    out += digits[value & 0xFU];
  }
  return out;
}

std::string_view smb_signing(std::uint16_t mode) {
  if ((mode & 2U) != 0) return "required";
  return (mode & 1U) != 0 ? "enabled" : "disabled";
}

talk_step read_smb_negotiation(byte_reader read) {
  auto known = proven_service("smb");
  auto mode = read.le16();
  auto number = read.le16();
  read.le16();
  auto guid = read.take(16);
  if (!read.ok()) return talk_step::not_ours();
  for (const auto& each : smb_dialects) {
    if (each.number != number) continue;
    known.service.facts.push_back({"dialect", std::string(each.name)});
  }
  if (known.service.facts.empty()) return talk_step::not_ours();
  known.service.facts.push_back({"signing", std::string(smb_signing(mode))});
  known.service.facts.push_back({"guid", smb_guid(guid)});
  return talk_step::is(std::move(known));
}

talk_step read_smb(std::string_view response, const talk_context&) {
  byte_reader read(response);
  // The first byte is the message's type, zero.
  auto size = read.be32();
  bool sized = size >= smb_header + smb_error_size - 1U && size <= smb_most;
  if (read.ok() && !sized) return talk_step::not_ours();
  auto protocol = read.be32();
  if (read.ok() && protocol != smb_protocol) return talk_step::not_ours();
  auto header = read.le16();
  read.le16();
  auto status = read.le32();
  auto command = read.le16();
  read.le16();
  auto flags = read.le32();
  read.le32();
  auto message = read.le64();
  bool answers = header == smb_header && command == 0 && (flags & 1U) != 0 && message == 0;
  if (read.ok() && !answers) return talk_step::not_ours();
  if (!read.ok() || response.size() < 4U + size) return talk_step::incomplete();
  read.take(32);  // process, tree, session, signature
  auto structure = read.le16();
  if (status == 0 && structure == smb_response_size) return read_smb_negotiation(read);
  // No dialect in common.
  if (status != 0 && structure == smb_error_size) return talk_step::is(proven_service("smb"));
  return talk_step::not_ours();
}

/// NEGATIVE SESSION RESPONSE (RFC 1002, section 4.3.4), Windows' answer to other protocols.
std::optional<recognition> recognise_smb(std::string_view said) {
  constexpr std::string_view start{"\x83\0\0\x01", 4};
  if (said.size() != start.size() + 1 || !said.starts_with(start)) return std::nullopt;
  constexpr std::string_view codes = "\x80\x81\x82\x83\x8F";
  if (codes.find(said.back()) == std::string_view::npos) return std::nullopt;
  return proven_service("netbios-ssn");
}

std::unique_ptr<protocol_talk> talk_smb(const talk_context& context) {
  return std::make_unique<one_exchange>(smb_request(context.nonce), read_smb, context);
}

}  // namespace

constinit const protocol_module smb_module{.name = "smb",
                                           .hinted_ports = smb_ports,
                                           .recognise = recognise_smb,
                                           .talk = talk_smb,
                                           .asked_anywhere = true};

}  // namespace sonde::scanner::modules
