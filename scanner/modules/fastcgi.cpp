#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// FastCGI Specification, sections 3.3 (records), 3.4 (pairs), 4.1 and 4.2 (management records).
constexpr std::uint16_t fastcgi_ports[] = {9000, 9001};
constexpr std::uint16_t fastcgi_get_values = 0x0109;  // version 1, type 9
constexpr std::uint16_t fastcgi_values = 0x010A;
constexpr std::uint16_t fastcgi_unknown_type = 0x010B;
constexpr std::uint16_t fastcgi_most = 1024;
constexpr std::string_view fastcgi_name = "FCGI_MPXS_CONNS";
constexpr std::uint8_t fastcgi_name_size = 15;
constexpr std::uint16_t fastcgi_request_size = 17;  // of the content: two lengths and the name

std::string fastcgi_request() {
  // No request, no padding; one name without a value.
  return byte_writer()
      .be16(fastcgi_get_values)
      .be16(0)
      .be16(fastcgi_request_size)
      .be16(0)
      .u8(fastcgi_name_size)
      .u8(0)
      .text(fastcgi_name)
      .take();
}

talk_step read_fastcgi(std::string_view response, const talk_context&) {
  byte_reader read(response);
  auto type = read.be16();
  bool answer = type == fastcgi_values || type == fastcgi_unknown_type;
  if (read.ok() && !answer) return talk_step::not_ours();
  auto request = read.be16();
  if (read.ok() && request != 0) return talk_step::not_ours();
  auto size = read.be16();
  if (read.ok() && size > fastcgi_most) return talk_step::not_ours();
  auto padding = read.u8();
  read.u8();  // reserved
  byte_reader body(read.take(size));
  read.take(padding);
  if (!read.ok()) return talk_step::incomplete();
  auto known = proven_service("fastcgi");
  if (type == fastcgi_unknown_type) {
    // It names the type that it does not know.
    bool ours = size == 8 && body.u8() == (fastcgi_get_values & 0xFFU);
    return ours ? talk_step::is(std::move(known)) : talk_step::not_ours();
  }
  // A server may leave out what it does not know.
  if (size == 0) return talk_step::is(std::move(known));
  auto name_size = body.u8();
  auto value_size = body.u8();
  auto name = body.take(name_size);
  auto value = body.take(value_size);
  if (!body.ok() || name != fastcgi_name) return talk_step::not_ours();
  known.service.facts.push_back({"multiplexing", value == "1" ? "yes" : "no"});
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_fastcgi(const talk_context& context) {
  return std::make_unique<one_exchange>(fastcgi_request(), read_fastcgi, context);
}

}  // namespace

constinit const protocol_module fastcgi_module{
    .name = "fastcgi", .hinted_ports = fastcgi_ports, .talk = talk_fastcgi};

}  // namespace sonde::scanner::modules
