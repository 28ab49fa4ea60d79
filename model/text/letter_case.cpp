#include "model/text/letter_case.hpp"

#include "base/utf8.hpp"

#include <utf8proc.h>

namespace sonde::model {
namespace {

constexpr utf8proc_int32_t curly_apostrophe = 0x2019;

bool is_of_word(utf8proc_int32_t point) {
  auto category = utf8proc_category(point);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

/// Passes each code point to `map`. A byte that does not begin a code point is unchanged.
template <class Map>
std::string mapped(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto [point, size] = next_point(text);
    if (point < 0) {
      out += text.front();
    } else {
      append_point(out, map(point));
    }
    text.remove_prefix(size);
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
