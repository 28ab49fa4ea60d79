#include "ingest/scans/body_lines.hpp"

#include "tests/support/doctest.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sonde::ingest {
namespace {

std::vector<std::pair<std::size_t, std::string>> lines_of(std::string_view body) {
  std::vector<std::pair<std::size_t, std::string>> out;
  body_lines lines(body);
  while (auto line = lines.next())
    out.emplace_back(line->number, std::string(line->text));
  CHECK(!lines.next());
  CHECK(count_lines(body) == out.size());
  return out;
}

}  // namespace

TEST_CASE("a line ends at a line feed or with the body") {
  using list = std::vector<std::pair<std::size_t, std::string>>;
  CHECK(lines_of("a") == list{{1, "a"}});
  CHECK(lines_of("a\n") == list{{1, "a"}});
  CHECK(lines_of("a\nb\r\n c ") == list{{1, "a"}, {2, "b\r"}, {3, " c "}});
  CHECK(lines_of(std::string_view("a\0\nb", 4)) == list{{1, std::string("a\0", 2)}, {2, "b"}});
}

TEST_CASE("blank lines are counted and skipped") {
  using list = std::vector<std::pair<std::size_t, std::string>>;
  CHECK(lines_of("").empty());
  CHECK(lines_of("\n\n \t\r\n").empty());
  CHECK(lines_of("\n\na\n\r\nb") == list{{3, "a"}, {5, "b"}});
}

}  // namespace sonde::ingest
