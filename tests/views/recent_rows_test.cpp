#include "views/recent_rows.hpp"

#include "tests/support/doctest.hpp"

#include <string>
#include <utility>

using namespace sonde;
using namespace sonde::views;

namespace {

task_row row_of(std::uint64_t revision, std::size_t text_bytes = 10) {
  task_row out;
  out.snapshot.emplace();
  out.snapshot->task.version.revision = revision;
  out.snapshot->text = std::string(text_bytes, 'x');
  return out;
}

std::uint64_t revision_in(const task_row* row) {
  return row == nullptr ? 0 : row->now()->version.revision;
}

}  // namespace

TEST_CASE("a row is found until it is taken, and the last one kept counts") {
  recent_rows rows;
  rows.keep("a", row_of(1));
  rows.keep("a", row_of(2));
  CHECK(revision_in(rows.find("a")) == 2);
  auto taken = rows.take("a");
  REQUIRE(taken);
  CHECK(revision_in(&*taken) == 2);
  CHECK(rows.find("a") == nullptr);
  CHECK_FALSE(rows.take("a"));
}

TEST_CASE("a row that has become too large is not kept, nor its smaller form from before") {
  recent_rows rows;
  rows.keep("a", row_of(1));
  rows.keep("a", row_of(2, recent_rows::largest_row + 1));
  CHECK(rows.find("a") == nullptr);
  rows.keep("b", row_of(1, recent_rows::largest_row));
  CHECK(revision_in(rows.find("b")) == 1);
}

TEST_CASE("the lists of ports that the text only numbers count too, also of the next generation") {
  recent_rows rows;
  const std::string list(recent_rows::largest_row, '9');
  auto with_ports = row_of(1);
  with_ports.snapshot->task.ports = list;
  rows.keep("a", with_ports);
  CHECK(rows.find("a") == nullptr);
  auto with_profile = row_of(1);
  with_profile.snapshot->task.profile = list;
  with_profile.effective = std::exchange(with_profile.snapshot, std::nullopt);
  rows.keep("b", with_profile);
  CHECK(rows.find("b") == nullptr);
  auto with_next = row_of(1);
  with_next.snapshot->task.next.emplace();
  rows.keep("c", with_next);
  CHECK(rows.find("c") != nullptr);
  with_next.snapshot->task.next->ports = list;
  rows.keep("c", with_next);
  CHECK(rows.find("c") == nullptr);
}

TEST_CASE("the newest half of the rows is always kept, and never more than all") {
  recent_rows rows;
  constexpr std::size_t many = 5 * recent_rows::most;
  auto key = [](std::size_t number) { return std::to_string(number); };
  for (std::size_t n = 0; n < many; ++n) {
    rows.keep(key(n), row_of(n + 1));
    CHECK(revision_in(rows.find(key(n))) == n + 1);
    if (n >= recent_rows::most / 2) {
      REQUIRE(rows.find(key(n - recent_rows::most / 2 + 1)) != nullptr);
    }
    if (n >= recent_rows::most) REQUIRE(rows.find(key(n - recent_rows::most)) == nullptr);
  }
}

TEST_CASE("a row that was kept long ago and comes again is kept once") {
  recent_rows rows;
  rows.keep("a", row_of(1));
  for (std::size_t n = 0; n < recent_rows::most / 2; ++n)
    rows.keep(std::to_string(n), row_of(1));
  rows.keep("a", row_of(2));
  CHECK(revision_in(rows.find("a")) == 2);
  CHECK(rows.take("a"));
  CHECK(rows.find("a") == nullptr);
  rows.keep("a", row_of(3));
  rows.clear();
  CHECK(rows.find("a") == nullptr);
}
