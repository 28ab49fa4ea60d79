#include "scanner/modules/recognition.hpp"

namespace sonde::scanner {
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

}  // namespace

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

}  // namespace sonde::scanner
