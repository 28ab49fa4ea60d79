#include "model/text/text.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "model/errc.hpp"

#include <utf8proc.h>

#include <cstdint>

namespace sonde::model {
namespace {

bool is_ascii_space(utf8proc_int32_t point) {
  return point == ' ' || (point >= '\t' && point <= '\r');
}

enum class kind { kept, space, other };

kind kind_of(utf8proc_int32_t point) {
  if (is_ascii_space(point)) return kind::space;
  auto category = utf8proc_category(point);
  if (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP) return kind::space;
  bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
  bool number = category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
  bool punctuation = category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
  bool symbol = category >= UTF8PROC_CATEGORY_SM && category <= UTF8PROC_CATEGORY_SO;
  return letter || number || punctuation || symbol ? kind::kept : kind::other;
}

/// Reports whether a code point is a control (Cc), a format character (Cf), or a line or paragraph
/// separator.
bool moves_the_cursor(utf8proc_int32_t point) {
  if (point < 0 || (point >= ' ' && point <= '~')) return false;
  auto category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
         category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

std::string hex_text(std::uint32_t number, std::size_t least) {
  std::string out;
  for (; number > 0 || out.size() < least; number >>= 4U)
    out.insert(out.begin(), "0123456789abcdef"[number & 0xFU]);
  return out;
}

/// Returns a code point as a JSON escape. Beyond U+FFFF it is two surrogates (RFC 8259, section 7).
std::string json_escape(std::uint32_t point) {
  if (point < 0x10000) return "\\u" + hex_text(point, 4);
  point -= 0x10000;
  return "\\u" + hex_text(0xD800 + (point >> 10U), 4) + "\\u" +
         hex_text(0xDC00 + (point & 0x3FFU), 4);
}

/// Returns `text` with replacements: `byte` writes bytes that are not UTF-8, and `letter` writes
/// characters that move a terminal's cursor.
template <class Byte, class Letter>
std::string with_escapes(std::string_view text, Byte byte, Letter letter) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto [point, size] = next_point(text);
    if (point < 0) {
      out += byte(static_cast<unsigned char>(text.front()));
    } else if (point != '\n' && moves_the_cursor(point)) {
      out += letter(static_cast<std::uint32_t>(point));
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace

result<std::string> clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto [point, size] = next_point(text);
    if (point < 0) return fail(errc::invalid_text, "is not UTF-8");
    if (kind_of(point) == kind::other) {
      out += ' ';
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

std::string banner_value(std::string_view masked, std::string_view raw, std::size_t longest) {
  std::string out;
  while (!masked.empty()) {
    auto [point, size] = next_point(masked);
    bool kept = point >= 0 && point != replacement_character && kind_of(point) == kind::kept;
    if (kept) {
      out += masked.substr(0, size);
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
    masked.remove_prefix(size);
  }
  std::string value(ascii::trimmed_right(cut_at(out, longest), " "));
  return value.empty() ? "hex:" + to_hex(sha256(raw)) : value;
}

std::string first_line(std::string_view raw, std::size_t longest) {
  auto begin = raw.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) return {};
  raw.remove_prefix(begin);
  raw = raw.substr(0, raw.find_first_of("\r\n"));
  std::string out;
  while (!raw.empty() && out.size() < longest) {
    auto [point, size] = next_point(raw);
    if (moves_the_cursor(point)) {
      out += kind_of(point) == kind::space ? ' ' : '.';
    } else if (point >= 0 && kind_of(point) != kind::other) {
      out += raw.substr(0, size);
    } else {
      out += '.';
    }
    raw.remove_prefix(size);
  }
  return std::string(cut_at(out, longest));
}

std::string visible(std::string_view text) {
  auto byte = [](unsigned char wrong) { return "\\x" + hex_text(wrong, 2); };
  auto letter = [](std::uint32_t point) { return "\\u{" + hex_text(point, 1) + "}"; };
  return with_escapes(text, byte, letter);
}

std::string visible_json(std::string_view text) {
  auto byte = [](unsigned char) { return std::string("\\ufffd"); };
  return with_escapes(text, byte, json_escape);
}

std::string_view cut_at(std::string_view utf8, std::size_t longest) {
  if (utf8.size() <= longest) return utf8;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(utf8[end]) & 0xC0U) == 0x80U)
    --end;
  return utf8.substr(0, end);
}

bool is_blank(std::string_view utf8) {
  while (!utf8.empty()) {
    auto [point, size] = next_point(utf8);
    if (point < 0 || kind_of(point) != kind::space) return false;
    utf8.remove_prefix(size);
  }
  return true;
}

}  // namespace sonde::model
