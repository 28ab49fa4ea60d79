#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// Firebird's wire protocol (its manual "Firebird Wire Protocol", "op_connect"), in XDR (RFC 4506).
constexpr std::uint16_t firebird_ports[] = {3050, 3051};
constexpr std::uint32_t firebird_connect = 1;
constexpr std::uint32_t firebird_attach = 19;
constexpr std::uint32_t firebird_accept = 3;
constexpr std::uint32_t firebird_reject = 4;
constexpr std::uint32_t firebird_version = 10;
constexpr std::uint32_t firebird_generic = 1;  // architecture
constexpr std::uint32_t firebird_last_type = 5;

/// No file and no user; one protocol, version 10.
std::string firebird_request() {
  byte_writer out;
  out.be32(firebird_connect).be32(firebird_attach).be32(2).be32(firebird_generic);
  out.be32(0).be32(1).be32(0);
  // Version, architecture, least and most of the types of packets, weight.
  out.be32(firebird_version).be32(firebird_generic).be32(2).be32(firebird_last_type).be32(2);
  return out.take();
}

/// Neither answer tells Firebird from InterBase. A refusal is four bytes, which prove little;
/// Firebird 3 refuses where it requires encryption.
talk_step read_firebird(std::string_view response, const talk_context&) {
  byte_reader read(response);
  auto operation = read.be32();
  bool answer = operation == firebird_accept || operation == firebird_reject;
  if (read.ok() && !answer) return talk_step::not_ours();
  if (!read.ok()) return talk_step::incomplete();
  auto known = proven_service("firebird");
  if (operation == firebird_reject) {
    if (read.left() > 0) return talk_step::not_ours();
    known.service.sure = model::confidence::likely;
    return talk_step::is(std::move(known));
  }
  auto version = read.be32();
  if (read.ok() && version != firebird_version) return talk_step::not_ours();
  read.be32();  // the server's architecture
  auto type = read.be32();
  if (!read.ok()) return talk_step::incomplete();
  if (type > firebird_last_type || read.left() > 0) return talk_step::not_ours();
  known.service.facts.push_back({"protocol-version", std::to_string(version)});
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_firebird(const talk_context& context) {
  return std::make_unique<one_exchange>(firebird_request(), read_firebird, context);
}

}  // namespace

constinit const protocol_module firebird_module{
    .name = "firebird", .hinted_ports = firebird_ports, .talk = talk_firebird};

}  // namespace sonde::scanner::modules
