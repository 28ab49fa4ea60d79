#include "scanner/modules/ssh_packet.hpp"

#include "scanner/modules/bytes.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

constexpr std::size_t ssh_block = 8;
constexpr std::size_t ssh_least_padding = 4;
constexpr std::size_t ssh_cookie = 16;
/// A longer key is no key: RSA with 16,384 bits has about 2 KiB.
constexpr std::size_t longest_ssh_key = 8 * 1024;

std::string_view ssh_string(byte_reader& read) {
  return read.take(read.be32());
}

/// Takes the first name from a list.
std::string_view take_ssh_name(std::string_view& list) {
  auto end = std::min(list.find(','), list.size());
  auto name = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return name;
}

}  // namespace

ssh_packet_reader::state ssh_packet_reader::next(std::string_view& payload) {
  byte_reader read(rest_);
  std::size_t length = read.be32();
  std::size_t padding = read.u8();
  if (!read.ok()) return state::incomplete;
  if (length > ssh_packet_bytes || length < padding + 2) return state::foreign;
  auto body = read.take(length - 1);
  if (!read.ok()) return state::incomplete;
  payload = body.substr(0, body.size() - padding);
  rest_ = read.rest();
  return state::packet;
}

std::string ssh_packet(std::string_view payload) {
  constexpr std::size_t head = 5;  // length and padding length
  auto padding = ssh_block - (head + payload.size()) % ssh_block;
  if (padding < ssh_least_padding) padding += ssh_block;
  auto length = static_cast<std::uint32_t>(1 + payload.size() + padding);
  return byte_writer()
      .be32(length)
      .u8(static_cast<std::uint8_t>(padding))
      .text(payload)
      .zeros(padding)
      .take();
}

std::optional<ssh_algorithms> parse_ssh_kexinit(std::string_view payload) {
  byte_reader read(payload);
  bool right = read.u8() == ssh_kexinit;
  read.take(ssh_cookie);
  ssh_algorithms out;
  out.key_exchange = ssh_string(read);
  out.host_key = ssh_string(read);
  out.client_cipher = ssh_string(read);
  out.server_cipher = ssh_string(read);
  out.client_mac = ssh_string(read);
  out.server_mac = ssh_string(read);
  out.client_compression = ssh_string(read);
  out.server_compression = ssh_string(read);
  if (!right || !read.ok()) return std::nullopt;
  return out;
}

std::string_view parse_ssh_host_key(std::string_view payload) {
  byte_reader read(payload);
  bool right = read.u8() == ssh_kex_reply;
  auto key = ssh_string(read);
  if (!right || !read.ok() || key.size() > longest_ssh_key) return {};
  byte_reader inside(key);
  auto type = ssh_string(inside);
  return inside.ok() && !type.empty() && inside.left() > 0 ? key : std::string_view();
}

std::string_view chosen_ssh_algorithm(std::string_view mine, std::string_view theirs) {
  while (!mine.empty()) {
    auto name = take_ssh_name(mine);
    for (auto rest = theirs; !rest.empty();) {
      if (take_ssh_name(rest) == name) return name;
    }
  }
  return {};
}

}  // namespace sonde::scanner
