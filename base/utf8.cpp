#include "base/utf8.hpp"

#include <utf8proc.h>

#include <array>

namespace sonde {

utf8_point next_point(std::string_view text) {
  auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1};
  utf8proc_int32_t point = -1;
  auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                               static_cast<utf8proc_ssize_t>(text.size()), &point);
  if (size <= 0) return {};
  return {point, static_cast<std::size_t>(size)};
}

void append_point(std::string& out, std::int32_t point) {
  std::array<utf8proc_uint8_t, 4> bytes;
  if (!utf8proc_codepoint_valid(point)) point = replacement_character;
  auto size = utf8proc_encode_char(point, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    auto [point, size] = next_point(text);
    if (point < 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string to_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    auto [point, size] = next_point(bytes);
    if (point < 0) {
      append_point(out, replacement_character);
    } else {
      out += bytes.substr(0, size);
    }
    bytes.remove_prefix(size);
  }
  return out;
}

}  // namespace sonde
