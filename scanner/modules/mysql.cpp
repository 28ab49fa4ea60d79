#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/tls_follows.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::size_t packet_head = 4;  // length (3 bytes), sequence number
constexpr std::size_t salt_first = 8;
constexpr std::size_t thread_id = 4;
constexpr unsigned char handshake_v10 = 10;
constexpr unsigned char error_packet = 0xFF;
/// Between the two parts of the salt: filler, capabilities, character set, status, more
/// capabilities, the salt's length, ten reserved bytes.
constexpr std::size_t between_salts = 1 + 2 + 1 + 2 + 2 + 1 + 10;
constexpr std::size_t salt_second = 13;

unsigned char byte(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

std::optional<recognition> error_of(std::string_view payload) {
  // An error number, in some versions a state (#08004), then a sentence.
  if (payload.size() < 4) return std::nullopt;
  auto sentence = payload.substr(3);
  if (sentence.starts_with('#') && sentence.size() > 6) sentence.remove_prefix(6);
  bool known = sentence.find("MySQL") != std::string_view::npos ||
               sentence.find("MariaDB") != std::string_view::npos ||
               sentence.starts_with("Host '") || sentence.starts_with("Too many connections");
  if (!known) return std::nullopt;
  recognition out;
  out.service.name = "mysql";
  out.complete = true;
  out.raw = sentence;
  out.masked = sentence;
  return out;
}

std::optional<recognition> recognise_mysql(std::string_view said) {
  if (said.size() < packet_head + 2 || byte(said, 3) != 0) return std::nullopt;
  std::size_t length = byte(said, 0) | static_cast<std::size_t>(byte(said, 1)) << 8U |
                       static_cast<std::size_t>(byte(said, 2)) << 16U;
  auto payload = said.substr(packet_head, length);
  if (payload.size() != length || length < 2) return std::nullopt;
  if (byte(payload, 0) == error_packet) return error_of(payload);
  if (byte(payload, 0) != handshake_v10) return std::nullopt;
  auto version_end = payload.find('\0', 1);
  if (version_end == std::string_view::npos || version_end > 80) return std::nullopt;
  auto salt_at = version_end + 1 + thread_id;
  if (payload.size() < salt_at + salt_first) return std::nullopt;
  recognition out;
  out.service.name = "mysql";
  auto version = payload.substr(1, version_end - 1);
  bool maria = version.find("MariaDB") != std::string_view::npos;
  out.service.product = maria ? "MariaDB" : "MySQL";
  // MariaDB may put 5.5.5- before its version, for clients that expect MySQL's.
  if (maria && version.starts_with("5.5.5-")) version.remove_prefix(6);
  out.service.version = version.substr(0, version.find('-'));
  out.complete = true;
  out.raw = said.substr(0, packet_head + length);
  out.masked = payload.substr(1, version_end - 1);
  out.masked += " * ";
  auto tail = salt_at + salt_first + between_salts + salt_second;
  if (payload.size() > tail) out.masked += payload.substr(tail);
  return out;
}

/// MySQL's "Protocol::SSLRequest" and "Capabilities Flags".
constexpr std::uint16_t mysql_tls_flag = 0x0800;
constexpr std::uint32_t mysql_flags = 0x0008AE0A;
constexpr std::uint32_t mysql_largest_packet = 1U << 24U;
constexpr std::uint8_t mysql_utf8mb4 = 45;

std::string mysql_tls_request() {
  constexpr std::uint32_t size_and_sequence = 32 | 1U << 24U;
  return byte_writer()
      .le32(size_and_sequence)
      .le32(mysql_flags)
      .le32(mysql_largest_packet)
      .u8(mysql_utf8mb4)
      .zeros(23)
      .take();
}

/// Returns true if a handshake packet offers TLS.
bool offers_mysql_tls(std::string_view packet) {
  byte_reader read(packet);
  read.take(packet_head);
  if (read.u8() != handshake_v10) return false;
  read.until('\0');
  read.take(thread_id + salt_first + 1);
  auto flags = read.le16();
  return read.ok() && (flags & mysql_tls_flag) != 0;
}

std::unique_ptr<protocol_talk> after_mysql(const recognition& greeting, talk_place where) {
  if (where == talk_place::inside_tls || !offers_mysql_tls(greeting.raw)) return nullptr;
  return std::make_unique<tls_follows>(mysql_tls_request());
}

}  // namespace

constinit const protocol_module mysql_module{
    .name = "mysql", .recognise = recognise_mysql, .after_greeting = after_mysql};

}  // namespace sonde::scanner::modules
