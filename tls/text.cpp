#include "tls/text.hpp"

#include "base/hash.hpp"
#include "tls/der.hpp"

namespace sonde::tls {
namespace {

constexpr std::uint32_t replacement = 0xFFFD;

std::uint8_t octet_of(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : 0;
}

bool is_between(std::uint8_t byte, std::uint8_t low, std::uint8_t high) {
  return byte >= low && byte <= high;
}

/// How many bytes the character at the front takes; 0 for a byte that begins none (RFC 3629,
/// section 4).
std::size_t utf8_size(std::string_view bytes) {
  auto first = octet_of(bytes, 0);
  auto second = octet_of(bytes, 1);
  auto continues = [&](std::size_t at) { return is_between(octet_of(bytes, at), 0x80, 0xBF); };
  if (first < 0x80) return 1;
  if (is_between(first, 0xC2, 0xDF)) return continues(1) ? 2 : 0;
  if (is_between(first, 0xE0, 0xEF)) {
    std::uint8_t low = first == 0xE0 ? 0xA0 : 0x80;
    std::uint8_t high = first == 0xED ? 0x9F : 0xBF;
    return is_between(second, low, high) && continues(2) ? 3 : 0;
  }
  if (is_between(first, 0xF0, 0xF4)) {
    std::uint8_t low = first == 0xF0 ? 0x90 : 0x80;
    std::uint8_t high = first == 0xF4 ? 0x8F : 0xBF;
    return is_between(second, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    auto size = utf8_size(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

void append(std::string& out, std::uint32_t point) {
  if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) point = replacement;
  auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | (point >> shift & 0x3FU)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | point >> 6U);
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | point >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | point >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string from_latin1(std::string_view bytes) {
  std::string out;
  for (char byte : bytes)
    append(out, static_cast<std::uint8_t>(byte));
  return out;
}

/// Big-endian units of `width` bytes; bytes left over at the end become one U+FFFD.
std::string from_units(std::string_view bytes, std::size_t width) {
  std::string out;
  auto unit_at = [&](std::size_t at) {
    std::uint32_t unit = 0;
    for (std::size_t i = 0; i < width; ++i)
      unit = unit << 8U | octet_of(bytes, at + i);
    return unit;
  };
  std::size_t at = 0;
  for (; at + width <= bytes.size(); at += width) {
    std::uint32_t unit = unit_at(at);
    bool leads = width == 2 && unit >= 0xD800 && unit <= 0xDBFF && at + 4 <= bytes.size();
    std::uint32_t next = leads ? unit_at(at + 2) : 0;
    if (next >= 0xDC00 && next <= 0xDFFF) {
      unit = 0x10000 + ((unit - 0xD800) << 10U) + (next - 0xDC00);
      at += 2;
    }
    append(out, unit);
  }
  if (at < bytes.size()) append(out, replacement);
  return out;
}

/// Puts a backslash before each of `special`, and writes control characters (C0, DEL and C1) as
/// backslash and hexadecimal digits, byte by byte.
std::string escaped(std::string_view utf8, std::string_view special) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    auto byte = octet_of(utf8, at);
    bool c1 = byte == 0xC2 && is_between(octet_of(utf8, at + 1), 0x80, 0x9F);
    if (byte < 0x20 || byte == 0x7F || c1) {
      out += '\\' + to_hex(utf8.substr(at, 1));
      if (c1) out += '\\' + to_hex(utf8.substr(++at, 1));
      continue;
    }
    if (special.find(utf8[at]) != std::string_view::npos) out += '\\';
    out += utf8[at];
  }
  return out;
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    auto size = utf8_size(bytes);
    if (size == 0) {
      append(out, replacement);
      size = 1;
    } else {
      out += bytes.substr(0, size);
    }
    bytes.remove_prefix(size);
  }
  return out;
}

std::optional<std::string> decode_string(std::uint8_t tag, std::string_view content) {
  switch (tag) {
    case der::utf8_string:
    case der::numeric_string:
    case der::printable_string:
    case der::ia5_string:
    case der::visible_string: return to_utf8(content);
    case der::t61_string: return is_utf8(content) ? std::string(content) : from_latin1(content);
    case der::bmp_string: return from_units(content, 2);
    case der::universal_string: return from_units(content, 4);
    default: return std::nullopt;
  }
}

std::string visible(std::string_view utf8) {
  return escaped(utf8, "\\");
}

std::string escaped_value(std::string_view utf8) {
  if (utf8 == " ") return "\\ ";
  auto out = escaped(utf8, ",+\"\\<>;");
  if (out.starts_with(' ') || out.starts_with('#')) out.insert(0, 1, '\\');
  if (out.ends_with(' ')) out.insert(out.size() - 1, 1, '\\');
  return out;
}

}  // namespace sonde::tls
