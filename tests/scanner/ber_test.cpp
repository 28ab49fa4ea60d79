#include "scanner/modules/ber.hpp"

#include "tests/support/doctest.hpp"

#include <string>
#include <vector>

namespace sonde::scanner {

using namespace std::string_literals;

TEST_CASE("an element that was written is read") {
  for (std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 65'535U}) {
    CAPTURE(size);
    auto contents = std::string(size, 'x');
    auto bytes = ber_element(0x30, contents) + "after";
    byte_reader read(bytes);
    CHECK(ber_element_follows(read, 0x30));
    CHECK(read_ber_element(read, 0x30) == contents);
    CHECK(read.ok());
    CHECK(read.rest() == "after");
  }
}

TEST_CASE("a length has up to four octets") {
  struct form {
    std::string bytes;
    std::size_t length;
  };
  const std::vector<form> all = {{"\x05", 5},
                                 {"\x81\x80", 128},
                                 {"\x82\x01\x02", 258},
                                 {"\x83\x01\x00\x00"s, 65'536},
                                 {"\x84\x00\x00\x00\x07"s, 7},
                                 {"\x80", unknown_ber_length},
                                 {"\x85\x00\x00\x00\x00\x07"s, unknown_ber_length}};
  for (const auto& one : all) {
    byte_reader read(one.bytes);
    CHECK(read_ber_length(read) == one.length);
  }
}

TEST_CASE("another tag, a missing end and an unknown form fail the read") {
  for (const auto& bytes : {"\x02\x01\x05"s, "\x30\x02\x05"s, "\x30\x80\x05\x00\x00"s, ""s}) {
    byte_reader read(bytes);
    CHECK(read_ber_element(read, 0x30).empty());
    CHECK(!read.ok());
  }
}

}  // namespace sonde::scanner
