#include "views/named_statement.hpp"

#include "tests/support/doctest.hpp"
#include "views/columns.hpp"

#include <stdexcept>

namespace sonde::views {
namespace {

enum class colour { red = 3 };

struct open_table {
  open_table() {
    db.exec("CREATE TABLE items(a TEXT, b INTEGER, c INTEGER, d INTEGER, e INTEGER, f INTEGER)");
  }
  /// The columns of the last row, in the order of the table.
  std::string last() {
    SQLite::Statement row(db,
                          "SELECT a || ' ' || b || ' ' || c || ' ' || d || ' ' ||"
                          " coalesce(e, 'none') || ' ' || f FROM items ORDER BY rowid DESC");
    row.executeStep();
    return row.getColumn(0).getString();
  }

  SQLite::Database db{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
};

}  // namespace

TEST_CASE("an INSERT names each column once as a column and once as a parameter") {
  CHECK(columns_and_values({"a", "b"}) == "(a, b) VALUES(:a, :b)");
}

TEST_CASE_FIXTURE(open_table, "values reach the columns of their names, in any order") {
  named_statement add(db, "INSERT INTO items" + columns_and_values({"a", "b", "c", "d", "e", "f"}));
  wall_time noon(std::chrono::milliseconds(1'234));
  std::optional<std::uint64_t> present = 7;
  std::optional<std::uint64_t> absent;
  auto put = [&](const std::string& text, const std::optional<std::uint64_t>& number) {
    add.run(named{":f", noon}, named{":e", number}, named{":d", colour::red}, named{":c", true},
            named{":a", text}, named{":b", std::int64_t{1} << 40});
  };
  put("first", present);
  CHECK(last() == "first 1099511627776 1 3 7 1234");
  put("second", absent);
  CHECK(last() == "second 1099511627776 1 3 none 1234");
  SQLite::Statement time(db, "SELECT f FROM items");
  time.executeStep();
  CHECK(time_in(time.getColumn(0)) == noon);
}

TEST_CASE_FIXTURE(open_table, "one statement may be run with the names in different orders") {
  named_statement add(db, "INSERT INTO items(a, b, c, d, f) VALUES(:a, :b, 0, 0, 0)");
  add.run(named{":a", std::string("x")}, named{":b", 1});
  add.run(named{":b", 2}, named{":a", std::string("y")});
  CHECK(last() == "y 2 0 0 none 0");
  add.run(named{":a", std::string("z")}, named{":b", 3});
  CHECK(last() == "z 3 0 0 none 0");
}

TEST_CASE_FIXTURE(open_table, "a missing and an unknown name are refused") {
  named_statement add(db, "INSERT INTO items(a, b) VALUES(:a, :b)");
  CHECK_THROWS_AS(add.run(named{":a", 1}), std::logic_error);
  CHECK_THROWS_AS(add.run(named{":a", 1}, named{":c", 2}), std::logic_error);
}

}  // namespace sonde::views
