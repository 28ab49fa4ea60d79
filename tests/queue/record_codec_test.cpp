#include "queue/embedded/record_codec.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::queue::embedded {

TEST_CASE("headers survive encoding and decoding unchanged") {
  for (const record_headers& headers :
       {record_headers{}, record_headers{{"", ""}}, record_headers{{"a", "1"}, {"a", "2"}},
        record_headers{{std::string(300, 'n'), std::string("\0\xFF", 2)}}}) {
    auto decoded = decode_headers(encode_headers(headers));
    REQUIRE(decoded.has_value());
    CHECK(*decoded == headers);
  }
}

TEST_CASE(
    "every prefix of encoded headers is refused or decodes fully, without reading past the end") {
  auto bytes = encode_headers({{"name", "value"}, {"other", ""}});
  int whole = 0;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    whole += decode_headers(bytes.substr(0, size)) ? 1 : 0;
  }
  CHECK(whole == 3);  // no header, the first header, both headers
  CHECK(!decode_headers("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
}

TEST_CASE("a row checksum depends on every part of the row") {
  auto sum = row_checksum(7, "key", "value", "headers");
  CHECK(sum != row_checksum(8, "key", "value", "headers"));
  CHECK(sum != row_checksum(7, "keyv", "alue", "headers"));
  CHECK(sum != row_checksum(7, "key", "valueh", "eaders"));
  CHECK(sum != row_checksum(7, "key", "value", "header"));
  CHECK(sum == row_checksum(7, "key", "value", "headers"));
}

}  // namespace sonde::queue::embedded
