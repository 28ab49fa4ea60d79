#include "model/letter_case.hpp"

#include <utf8proc.h>

#include <array>

namespace sonde::model {
namespace {

constexpr utf8proc_int32_t curly_apostrophe = 0x2019;

const utf8proc_uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

void append(std::string& out, utf8proc_int32_t point) {
  std::array<utf8proc_uint8_t, 4> bytes;
  auto size = utf8proc_encode_char(point, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
}

bool is_of_word(utf8proc_int32_t point) {
  auto category = utf8proc_category(point);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

/// Hands each code point to `map`; a byte that begins none stays as it is.
template <class Map>
std::string mapped(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    utf8proc_int32_t point = -1;
    auto size =
        utf8proc_iterate(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &point);
    if (size > 0) {
      append(out, map(point));
    } else {
      out += text.front();
      size = 1;
    }
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return out;
}

}  // namespace

std::string lower_case(std::string_view utf8) {
  return mapped(utf8, [](utf8proc_int32_t point) { return utf8proc_tolower(point); });
}

std::string title_case(std::string_view utf8) {
  bool in_word = false;
  return mapped(utf8, [&](utf8proc_int32_t point) {
    bool apostrophe = point == '\'' || point == curly_apostrophe;
    bool begins = !in_word && is_of_word(point);
    in_word = is_of_word(point) || (in_word && apostrophe);
    return begins ? utf8proc_totitle(point) : utf8proc_tolower(point);
  });
}

}  // namespace sonde::model
