#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sonde {

using sha256_digest = std::array<std::byte, 32>;

/// SHA-256 (FIPS 180-4) of `data`.
[[nodiscard]] sha256_digest sha256(std::string_view data);

/// SHA3-256 (FIPS 202) of `data`, as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha3_256_hex(std::string_view data);

/// SHA-1 (FIPS 180-4) and MD5 (RFC 1321) in lower-case hexadecimal. They name certificates the way
/// other tools do; nothing here relies on their strength.
[[nodiscard]] std::string sha1_hex(std::string_view data);
[[nodiscard]] std::string md5_hex(std::string_view data);

/// Whether two texts are the same, in a time that depends on their lengths only.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);
/// HMAC-SHA256 (RFC 2104).
[[nodiscard]] sha256_digest hmac_sha256(std::string_view key, std::string_view data);
/// HKDF-SHA256 (RFC 5869) to 32 bytes: a key for the use that `info` names, from a long secret.
[[nodiscard]] sha256_digest hkdf_sha256(std::string_view secret, std::string_view salt,
                                        std::string_view info);

/// CRC-32 (ITU-T V.42, as zlib computes it): notices a damaged record, not a forged one.
/// `before` is the checksum of what came before `data`.
[[nodiscard]] std::uint32_t crc32(std::string_view data, std::uint32_t before = 0);

/// Lower-case hexadecimal digits, two a byte.
[[nodiscard]] std::string to_hex(std::span<const std::byte> data);
[[nodiscard]] std::string to_hex(std::string_view data);

/// Base64 with padding (RFC 4648, section 4).
[[nodiscard]] std::string to_base64(std::string_view data);
/// The inverse; nothing for a text that is not exactly what `to_base64` gives.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace sonde
