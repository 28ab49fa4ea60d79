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

/// SHA-1 (FIPS 180-4) and MD5 (RFC 1321) in lower-case hexadecimal. They identify certificates in
/// the form that other tools use. Nothing here relies on their strength.
[[nodiscard]] std::string sha1_hex(std::string_view data);
[[nodiscard]] std::string md5_hex(std::string_view data);

/// Compares two texts in a time that depends only on their lengths.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);
/// HMAC-SHA256 (RFC 2104).
[[nodiscard]] sha256_digest hmac_sha256(std::string_view key, std::string_view data);
/// HKDF-SHA256 (RFC 5869) with 32 bytes of output: derives a key for the purpose `info` from a long
/// secret.
[[nodiscard]] sha256_digest hkdf_sha256(std::string_view secret, std::string_view salt,
                                        std::string_view info);

/// CRC-32 (ITU-T V.42, as zlib computes it). It detects a damaged record, not a forged one.
/// `before` is the checksum of the bytes that precede `data`.
[[nodiscard]] std::uint32_t crc32(std::string_view data, std::uint32_t before = 0);

/// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string to_hex(std::span<const std::byte> data);
[[nodiscard]] std::string to_hex(std::string_view data);

/// Base64 with padding (RFC 4648, section 4).
[[nodiscard]] std::string to_base64(std::string_view data);
/// The inverse of `to_base64`. Returns nullopt for a text that `to_base64` does not produce.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace sonde
