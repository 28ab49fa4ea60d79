#include "tls/text.hpp"

#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "tls/der.hpp"

namespace sonde::tls {
namespace {

std::uint8_t octet_of(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : 0;
}

bool is_between(std::uint8_t byte, std::uint8_t low, std::uint8_t high) {
  return byte >= low && byte <= high;
}

std::string from_latin1(std::string_view bytes) {
  std::string out;
  for (char byte : bytes)
    append_point(out, static_cast<std::uint8_t>(byte));
  return out;
}

/// Decodes big-endian units of `width` bytes. Incomplete bytes at the end become one U+FFFD.
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
    append_point(out, static_cast<std::int32_t>(unit));
  }
  if (at < bytes.size()) append_point(out, replacement_character);
  return out;
}

/// Puts a backslash before each character of `special`, and writes control characters (C0, DEL and
/// C1) as a backslash and hexadecimal digits, byte by byte.
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
