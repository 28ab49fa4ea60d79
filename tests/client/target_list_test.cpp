#include "client/target_list.hpp"

#include "client/errc.hpp"
#include "tests/support/doctest.hpp"

#include <sstream>
#include <stdexcept>

namespace sonde::client {
namespace {

using name_list = std::vector<std::string>;

name_list targets_in(const std::string& text) {
  std::istringstream list(text);
  auto found = read_targets(list, "the list");
  REQUIRE(found);
  return *found;
}

/// A stream that fails after its first line.
struct broken_buffer : std::stringbuf {
  broken_buffer() : std::stringbuf("a.example\n") {}
  int_type underflow() override {
    auto next = std::stringbuf::underflow();
    if (next == traits_type::eof()) throw std::runtime_error("broken");
    return next;
  }
};

}  // namespace

TEST_CASE("a list has one target a line; comments and blanks are dropped") {
  CHECK(targets_in("a.example\n\n  b.example\t\r\n# all of it\nc.example # this one\n   \nd") ==
        name_list{"a.example", "b.example", "c.example", "d"});
  CHECK(targets_in("").empty());
  CHECK(targets_in("#\n\n # x\n").empty());
}

TEST_CASE("a list with a byte order mark and CRLF is accepted") {
  CHECK(targets_in("\xEF\xBB\xBF"
                   "a.example\r\nb.example\r\n\r\n\t# c\r\n") ==
        name_list{"a.example", "b.example"});
  CHECK(targets_in("\xEF\xBB\xBF# a comment\na.example") == name_list{"a.example"});
  CHECK(targets_in("\xEF\xBB\xBF").empty());
  // Only the first bytes of the list can be a byte order mark; elsewhere the server refuses it.
  CHECK(targets_in("a\n\xEF\xBB\xBF"
                   "b") == name_list{"a",
                                     "\xEF\xBB\xBF"
                                     "b"});
}

TEST_CASE("a comment begins a line or follows white space") {
  CHECK(targets_in("a#b\na #b\na\t# b # c\n#a#b\na# b") == name_list{"a#b", "a", "a", "a# b"});
}

TEST_CASE("a list that cannot be read to its end is an error") {
  broken_buffer buffer;
  std::istream list(&buffer);
  auto found = read_targets(list, "names.txt");
  REQUIRE(!found);
  CHECK(found.error().code == make_error_code(errc::usage));
  CHECK(found.error().message().starts_with("names.txt cannot be read"));
  CHECK(!read_target_file("/"));
  auto nowhere = read_target_file("/nowhere/names.txt");
  REQUIRE(!nowhere);
  CHECK(nowhere.error().message() ==
        "/nowhere/names.txt cannot be read: No such file or directory");
}

}  // namespace sonde::client
