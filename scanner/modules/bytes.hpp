#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// Reads integers and pieces from the front of a response. Does not own the bytes.
///
/// A read beyond the end returns zero or an empty view, and `ok()` is false from then on. So a
/// module reads a whole structure and checks once.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::uint8_t u8() { return static_cast<std::uint8_t>(big(1)); }
  std::uint16_t be16() { return static_cast<std::uint16_t>(big(2)); }
  std::uint32_t be24() { return static_cast<std::uint32_t>(big(3)); }
  std::uint32_t be32() { return static_cast<std::uint32_t>(big(4)); }
  std::uint64_t be64() { return big(8); }
  std::uint16_t le16() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t le32() { return static_cast<std::uint32_t>(little(4)); }
  std::uint64_t le64() { return little(8); }

  /// The text up to `end`, which is skipped. Without an `end` the read fails.
  std::string_view until(char end) {
    auto at = rest_.find(end);
    if (at == std::string_view::npos) return take(rest_.size() + 1);
    auto text = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    return text;
  }

 private:
  std::uint64_t big(std::size_t size) {
    std::uint64_t value = 0;
    for (char byte : take(size))
      value = value << 8U | static_cast<unsigned char>(byte);
    return value;
  }
  std::uint64_t little(std::size_t size) {
    auto bytes = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i)
      value = value << 8U | static_cast<unsigned char>(bytes[i - 1]);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// Builds a request from integers and pieces.
class byte_writer {
 public:
  byte_writer& u8(std::uint8_t value) { return big(value, 1); }
  byte_writer& be16(std::uint16_t value) { return big(value, 2); }
  byte_writer& be32(std::uint32_t value) { return big(value, 4); }
  byte_writer& be64(std::uint64_t value) { return big(value, 8); }
  byte_writer& le16(std::uint16_t value) { return little(value, 2); }
  byte_writer& le32(std::uint32_t value) { return little(value, 4); }
  byte_writer& le64(std::uint64_t value) { return little(value, 8); }
  byte_writer& text(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  byte_writer& zeros(std::size_t count) {
    out_.append(count, '\0');
    return *this;
  }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  byte_writer& big(std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i > 0; --i)
      out_ += static_cast<char>(value >> (8U * (i - 1)) & 0xFFU);
    return *this;
  }
  byte_writer& little(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      out_ += static_cast<char>(value >> (8U * i) & 0xFFU);
    return *this;
  }

  std::string out_;
};

}  // namespace sonde::scanner
