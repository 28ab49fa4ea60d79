#include "client/target_list.hpp"

#include "client/errc.hpp"
#include "tests/support/doctest.hpp"

#include <sstream>
#include <stdexcept>

namespace sonde::client {
namespace {

using names = std::vector<std::string>;

names listed(const std::string& text) {
  std::istringstream list(text);
  auto found = read_targets(list, "the list");
  REQUIRE(found);
  return *found;
}

/// A stream that breaks after its first line.
struct broken_buffer : std::stringbuf {
  broken_buffer() : std::stringbuf("a.example\n") {}
  int_type underflow() override {
    auto next = std::stringbuf::underflow();
    if (next == traits_type::eof()) throw std::runtime_error("broken");
    return next;
  }
};

}  // namespace

TEST_CASE("targets come one a line, without comments and blanks") {
  CHECK(listed("a.example\n\n  b.example\t\r\n# all of it\nc.example # this one\n   \nd") ==
        names{"a.example", "b.example", "c.example", "d"});
  CHECK(listed("").empty());
  CHECK(listed("#\n\n # x\n").empty());
}

TEST_CASE("a list from another system is understood") {
  CHECK(listed("\xEF\xBB\xBF"
               "a.example\r\nb.example\r\n\r\n\t# c\r\n") == names{"a.example", "b.example"});
  CHECK(listed("\xEF\xBB\xBF# a comment\na.example") == names{"a.example"});
  CHECK(listed("\xEF\xBB\xBF").empty());
  // Only the list's first bytes are such a mark; elsewhere the server refuses it.
  CHECK(listed("a\n\xEF\xBB\xBF"
               "b") == names{"a",
                             "\xEF\xBB\xBF"
                             "b"});
}

TEST_CASE("a comment begins a line or follows white space") {
  CHECK(listed("a#b\na #b\na\t# b # c\n#a#b\na# b") == names{"a#b", "a", "a", "a# b"});
}

TEST_CASE("the targets of a command keep their order") {
  std::istringstream input("b\nc\n");
  CHECK(*collect_targets({"a", "-", "d"}, {}, input) == names{"a", "b", "c", "d"});
  CHECK(collect_targets({}, {}, input)->empty());
  CHECK(!collect_targets({"a"}, "/nowhere/names.txt", input));
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
