#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde {

/// A text that only holders of `key` can read, and that nobody else can change: AES-256-GCM
/// (NIST SP 800-38D), in base64. The nonce follows from key and text, so the same text is sealed
/// the same way, and a record that is written twice stays the same record; whoever sees two equal
/// ones learns that they are equal, and nothing else. Pure; any thread.
[[nodiscard]] std::string seal(std::string_view key, std::string_view text);
/// Nothing: it was sealed with another key, or is damaged.
[[nodiscard]] std::optional<std::string> unseal(std::string_view key, std::string_view sealed);

}  // namespace sonde
