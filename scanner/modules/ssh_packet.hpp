#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::scanner {

/// Numbers of messages of the key exchange (RFC 4253, section 12; RFC 5656, section 7.1).
inline constexpr std::uint8_t ssh_kexinit = 20;
inline constexpr std::uint8_t ssh_kex_request = 30;
inline constexpr std::uint8_t ssh_kex_reply = 31;

/// The limit of an unencrypted packet in bytes (RFC 4253, section 6.1).
inline constexpr std::size_t ssh_packet_bytes = 35'000;

/// Reads unencrypted packets (RFC 4253, section 6) from the front of a text. Does not own the
/// bytes.
class ssh_packet_reader {
 public:
  enum class state {
    packet,      ///< `payload` is the next one
    incomplete,  ///< more bytes are needed
    foreign,     ///< this is no packet
  };
  explicit ssh_packet_reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] state next(std::string_view& payload);

 private:
  std::string_view rest_;
};

/// Frames a payload as an unencrypted packet.
[[nodiscard]] std::string ssh_packet(std::string_view payload);

/// The lists of algorithms of a KEXINIT message (RFC 4253, section 7.1): names separated by commas,
/// in the order of preference.
struct ssh_algorithms {
  std::string_view key_exchange;
  std::string_view host_key;
  std::string_view client_cipher;
  std::string_view server_cipher;
  std::string_view client_mac;
  std::string_view server_mac;
  std::string_view client_compression;
  std::string_view server_compression;
};

/// Reads the payload of a KEXINIT message. The lists point into it.
[[nodiscard]] std::optional<ssh_algorithms> parse_ssh_kexinit(std::string_view payload);
/// Reads the host key of the reply to a Diffie-Hellman request, in the form of RFC 4253, section
/// 6.6. Empty if the payload is something else.
[[nodiscard]] std::string_view parse_ssh_host_key(std::string_view payload);

/// Returns the first name of `mine` that `theirs` contains; empty if there is none.
[[nodiscard]] std::string_view chosen_ssh_algorithm(std::string_view mine, std::string_view theirs);

}  // namespace sonde::scanner
