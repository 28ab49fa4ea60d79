#include "base/ascii.hpp"

#include "tests/support/doctest.hpp"

namespace sonde {

TEST_CASE("only ASCII letters have a case") {
  CHECK(ascii::lower_case("Content-TYPE@[`{ \xC3\x89") == "content-type@[`{ \xC3\x89");
  CHECK(ascii::upper_case("Content-type@[`{ \xC3\xA9") == "CONTENT-TYPE@[`{ \xC3\xA9");
}

TEST_CASE("texts are compared without the case of ASCII letters") {
  CHECK(ascii::equal_ignoring_case("Host", "hOST"));
  CHECK(!ascii::equal_ignoring_case("Host", "Hos"));
  CHECK(!ascii::equal_ignoring_case("Host", "Hosts"));
  CHECK(!ascii::equal_ignoring_case("@", "`"));
  CHECK(!ascii::equal_ignoring_case("\xC3\xA9", "\xC3\x89"));
}

TEST_CASE("a word is found in any case") {
  CHECK(ascii::contains_ignoring_case("Connection: Close", "connection: close"));
  CHECK(ascii::contains_ignoring_case("anything", ""));
  CHECK(ascii::contains_ignoring_case("", ""));
  CHECK(!ascii::contains_ignoring_case("clo", "close"));
}

TEST_CASE("blanks are removed from either end") {
  CHECK(ascii::trimmed(" \ta b\t ") == "a b");
  CHECK(ascii::trimmed_left(" \ta ") == "a ");
  CHECK(ascii::trimmed_right(" a\t ") == " a");
  CHECK(ascii::trimmed("\ta ", " ") == "\ta");
  CHECK(ascii::trimmed_right("a\n", " \r\n") == "a");
  for (auto blank : {"", " ", " \t \t"}) {
    CHECK(ascii::trimmed(blank).empty());
    CHECK(ascii::trimmed_left(blank).empty());
    CHECK(ascii::trimmed_right(blank).empty());
  }
}

}  // namespace sonde
