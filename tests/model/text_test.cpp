#include "model/text/text.hpp"

#include "model/text/json.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {

TEST_CASE("cleaning keeps letters, numbers, punctuation, separators and symbols") {
  CHECK(clean("plain text").value() == "plain text");
  CHECK(clean("tab\tand\nline").value() == "tab\tand\nline");
  CHECK(clean(std::string_view("nul\0byte", 8)).value() == "nul byte");
  CHECK(clean("bell\a escape\x1b[0m").value() == "bell  escape [0m");
  CHECK(clean("Ünïcödé €5 ½ 日本").value() == "Ünïcödé €5 ½ 日本");
  CHECK(clean("e\xCC\x81").value() == "e ");  // U+0301, a mark
  CHECK(clean("a\xE2\x80\x8B"
              "b")
            .value() == "a b");  // U+200B, a format character
  CHECK(clean("a\xC2\xA0"
              "b")
            .value() ==
        "a\xC2\xA0"
        "b");  // U+00A0, a separator
  CHECK(!clean("\xFF"));
  CHECK(!clean("\xC3"));
  CHECK(!clean("\xED\xA0\x80"));  // a surrogate
}

TEST_CASE("a banner's value is one line of its readable characters") {
  auto value = [](std::string_view text) { return banner_value(text, text, 4096); };
  CHECK(value("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n") == "SSH-2.0-OpenSSH_9.2p1 Debian-2");
  CHECK(value("  a \t\r\n b\0c ") == "a b");
  CHECK(value(std::string_view("a\0\0b", 4)) == "a b");
  CHECK(value("caf\xE9 au lait") == "caf au lait");  // Latin-1: a byte that is not UTF-8
  CHECK(value("a\xEF\xBF\xBD"
              "b") == "a b");
  CHECK(value("") == "hex:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(value("\x01\x02") ==
        "hex:a12871fee210fb8619291eaea194581cbd2531e4b23759d225f6806923f63222");
  CHECK(banner_value("*", "nonce", 4096) == "*");
}

TEST_CASE("a banner is cut at a code point and trimmed again") {
  CHECK(banner_value("ab €", "", 4) == "ab");
  CHECK(banner_value("ab€", "", 4) == "ab");
  CHECK(banner_value("ab€", "", 5) == "ab€");
  CHECK(banner_value(std::string(5000, 'x'), "", 4096).size() == 4096);
}

TEST_CASE("the first line of a banner is safe for a terminal") {
  CHECK(first_line("220 mail ESMTP\r\n250 x", 100) == "220 mail ESMTP");
  CHECK(first_line("\r\n\r\nsecond", 100) == "second");
  CHECK(first_line("a\x1b[31mred\x07", 100) == "a.[31mred.");
  CHECK(first_line("\xFF\xFE", 100) == "..");
  CHECK(first_line("", 100) == "");
  CHECK(first_line("abc€", 4) == "abc");
  CHECK(first_line("tab\tvertical\vform\fend\x7f", 100) == "tab vertical form end.");
  CHECK(first_line("right\u202Eto\u2028left\u200F\u0085", 100) == "right.to left..");
}

TEST_CASE("characters that move a cursor or reverse text are made visible, and no others are") {
  CHECK(visible("plain ~ text\nin lines\n") == "plain ~ text\nin lines\n");
  CHECK(visible("größer € 漢字 \U0001F600\u00A0") == "größer € 漢字 \U0001F600\u00A0");
  CHECK(visible("\t\v\f\r\b\a\x1b[2J\x7f") ==
        "\\u{9}\\u{b}\\u{c}\\u{d}\\u{8}\\u{7}\\u{1b}[2J\\u{7f}");
  CHECK(visible("\u0085\u009B31m") == "\\u{85}\\u{9b}31m");
  CHECK(visible("\u202E\u2066\u200B\uFEFF\u00AD") == "\\u{202e}\\u{2066}\\u{200b}\\u{feff}\\u{ad}");
  CHECK(visible("\u2028\u2029\U000E0041") == "\\u{2028}\\u{2029}\\u{e0041}");
  CHECK(visible("\x9B"
                "31m\xFF") == "\\x9b31m\\xff");
  CHECK(visible(std::string("\0", 1)) == "\\u{0}");
}

TEST_CASE("in JSON the same characters are escaped so that a reader gets the same value") {
  const std::string hostile = "a\x7f\u0085\u202E\u2028\U000E0041 \"ü\"\t";
  auto text = to_text(json{{"banner", hostile}});
  auto shown = visible_json(text + "\n");
  CHECK(shown == "{\"banner\":\"a\\u007f\\u0085\\u202e\\u2028\\udb40\\udc41 \\\"ü\\\"\\t\"}\n");
  CHECK(json::parse(shown)["banner"] == hostile);
}

}  // namespace sonde::model
