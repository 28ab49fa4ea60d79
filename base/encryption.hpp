#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde {

/// Encrypts and authenticates a text with AES-256-GCM (NIST SP 800-38D). The result is base64. Only
/// holders of `key` can read or change the text. The nonce is derived from key and text, so the
/// same text always has the same ciphertext, and a record that is written twice stays the same
/// record. An observer of two equal ciphertexts learns only that the texts are equal. Pure; any
/// thread.
[[nodiscard]] std::string encrypt(std::string_view key, std::string_view text);
/// Decrypts a text. Returns nullopt if it was encrypted with another key or is damaged.
[[nodiscard]] std::optional<std::string> decrypt(std::string_view key, std::string_view encrypted);

}  // namespace sonde
