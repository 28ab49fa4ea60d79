#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sonde::tls {

/// Reads a structure in TLS presentation language (RFC 8446, section 3). Does not own the bytes.
class wire_reader {
 public:
  explicit wire_reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  /// Returns the next `size` bytes, or nothing if fewer are left.
  std::optional<std::string_view> take(std::size_t size) {
    if (size > rest_.size()) return std::nullopt;
    auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  /// Returns the next variable-length vector, whose length precedes it in `length_bytes` bytes.
  std::optional<std::string_view> take_vector(std::size_t length_bytes) {
    auto length = take(length_bytes);
    if (!length) return std::nullopt;
    std::size_t size = 0;
    for (char byte : *length)
      size = size << 8U | static_cast<unsigned char>(byte);
    return take(size);
  }

 private:
  std::string_view rest_;
};

}  // namespace sonde::tls
