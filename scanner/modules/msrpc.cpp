#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// C706 (DCE 1.1: RPC), chapter 12; MS-RPCE, section 2.2. Integers are little-endian.
constexpr std::uint16_t msrpc_ports[] = {135,   49152, 49153, 49154, 49155, 49156, 49157,
                                         49664, 49665, 49666, 49667, 49668, 49669};
constexpr std::uint16_t msrpc_most = 8192;
constexpr std::uint8_t msrpc_fault = 3;
constexpr std::uint8_t msrpc_bind = 11;
constexpr std::uint8_t msrpc_bind_ack = 12;
constexpr std::uint8_t msrpc_bind_nak = 13;
/// First and last fragment; integers little-endian, ASCII, IEEE.
constexpr std::string_view msrpc_form{"\x03\x10\0\0\0", 5};
/// The endpoint mapper, e1af8308-5d1f-11c9-91a4-08002b14a0fa, version 3.
constexpr std::string_view msrpc_mapper{
    "\x08\x83\xAF\xE1\x1F\x5D\xC9\x11\x91\xA4\x08\0\x2B\x14\xA0\xFA\x03\0\0\0", 20};
/// The transfer syntax NDR, 8a885d04-1ceb-11c9-9fe8-08002b104860, version 2.
constexpr std::string_view msrpc_ndr{
    "\x04\x5D\x88\x8A\xEB\x1C\xC9\x11\x9F\xE8\x08\0\x2B\x10\x48\x60\x02\0\0\0", 20};

/// Agrees on an interface and its encoding. It is no login: there is no authentication part.
std::string msrpc_request(std::uint32_t nonce) {
  byte_writer body;
  // Largest fragments, a new association; one context of one syntax.
  body.le16(5840).le16(5840).le32(0).le32(1).le16(0).le16(1).text(msrpc_mapper).text(msrpc_ndr);
  auto size = static_cast<std::uint16_t>(16 + body.size());
  byte_writer out;
  out.u8(5).u8(0).u8(msrpc_bind).text(msrpc_form).le16(size).le16(0).le32(nonce);
  return out.text(body.take()).take();
}

/// The body of an acknowledgement: the result for the one context.
talk_step read_msrpc_ack(byte_reader read) {
  read.le32();  // largest fragments
  read.le32();  // association
  auto address = read.take(read.le16());
  // Padded to four bytes; 26 bytes of the message come before the address.
  read.take((4 - (26 + address.size()) % 4) % 4);
  auto count = read.le32();
  auto result = read.le16();
  read.le16();
  auto syntax = read.take(msrpc_ndr.size());
  bool accepted = result == 0 && syntax == msrpc_ndr;
  bool rejected = result >= 1 && result <= 3;
  bool one = read.ok() && (count & 0xFFU) == 1;
  if (!one || (!accepted && !rejected)) return talk_step::not_ours();
  auto known = proven_service("msrpc");
  known.service.facts.push_back({"endpoint-mapper", accepted ? "accepted" : "rejected"});
  return talk_step::is(std::move(known));
}

talk_step read_msrpc(std::string_view response, const talk_context& context) {
  byte_reader read(response);
  auto major = read.u8();
  if (read.ok() && major != 5) return talk_step::not_ours();
  auto minor = read.u8();
  if (read.ok() && minor > 1) return talk_step::not_ours();
  auto type = read.u8();
  bool answer = type == msrpc_bind_ack || type == msrpc_bind_nak || type == msrpc_fault;
  if (read.ok() && !answer) return talk_step::not_ours();
  read.u8();  // flags
  auto form = read.take(4);
  if (read.ok() && form != msrpc_form.substr(1)) return talk_step::not_ours();
  auto size = read.le16();
  auto authentication = read.le16();
  bool sized = size > 16 && size <= msrpc_most && authentication == 0;
  if (read.ok() && !sized) return talk_step::not_ours();
  auto call = read.le32();
  if (read.ok() && call != context.nonce) return talk_step::not_ours();
  if (!read.ok() || response.size() < size) return talk_step::incomplete();
  if (type != msrpc_bind_ack) return talk_step::is(proven_service("msrpc"));
  return read_msrpc_ack(byte_reader(response.substr(16, size - 16U)));
}

/// The greeting of RPC over HTTP (MS-RPCH, section 2.1.1.1).
std::optional<recognition> recognise_msrpc(std::string_view said) {
  constexpr std::string_view greeting = "ncacn_http/1.0";
  if (said != greeting) return std::nullopt;
  auto known = text_service("msrpc", said);
  known.service.facts.push_back({"transport", "http"});
  known.complete = true;
  return known;
}

std::unique_ptr<protocol_talk> talk_msrpc(const talk_context& context) {
  return std::make_unique<one_exchange>(msrpc_request(context.nonce), read_msrpc, context);
}

}  // namespace

constinit const protocol_module msrpc_module{
    .name = "msrpc", .hinted_ports = msrpc_ports, .recognise = recognise_msrpc, .talk = talk_msrpc};

}  // namespace sonde::scanner::modules
