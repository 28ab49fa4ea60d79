#include "base/utf8.hpp"

#include "tests/support/doctest.hpp"

#include <vector>

namespace sonde {

using namespace std::string_literals;

TEST_CASE("each byte that is not valid UTF-8 becomes one U+FFFD") {
  CHECK(to_utf8("plain, ä, €, 𝄞") == "plain, ä, €, 𝄞");
  CHECK(to_utf8("a\0b"s) == "a\0b"s);
  for (auto bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xFF"}) {
    std::string expected;
    for (std::size_t i = 0; i < std::string(bad).size(); ++i)
      expected += "�";
    CHECK(to_utf8(bad) == expected);
    CHECK(!is_utf8(bad));
  }
}

TEST_CASE("a text is read code point by code point") {
  std::string text = "aä€𝄞\xFF";
  std::string copy;
  std::vector<std::int32_t> points;
  for (std::string_view rest = text; !rest.empty();) {
    auto [point, size] = next_point(rest);
    points.push_back(point);
    append_point(copy, point);
    rest.remove_prefix(size);
  }
  CHECK(points == std::vector<std::int32_t>{'a', 0xE4, 0x20AC, 0x1D11E, -1});
  CHECK(copy == to_utf8(text));
}

TEST_CASE("a number that is no code point is written as U+FFFD") {
  for (std::int32_t wrong : {-1, 0xD800, 0xDFFF, 0x110000}) {
    std::string out;
    append_point(out, wrong);
    CHECK(out == "\xEF\xBF\xBD");
  }
}

}  // namespace sonde
