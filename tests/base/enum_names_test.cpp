#include "base/enum_names.hpp"

#include "tests/support/doctest.hpp"

namespace sonde {

enum class sample { first, second_one };
BOOST_DESCRIBE_ENUM(sample, first, second_one)

TEST_CASE("an enumerator is named by its identifier") {
  CHECK(enum_name(sample::second_one) == "second_one");
  CHECK(enum_name(static_cast<sample>(2)).empty());
  CHECK(enum_named<sample>("first") == sample::first);
  CHECK(!enum_named<sample>("First"));
  CHECK(!enum_named<sample>("second"));
  CHECK(!enum_named<sample>(""));
}

TEST_CASE("a table gives names that differ from the identifiers") {
  constexpr enum_table<sample, 2> table{{{{sample::first, "1st"}, {sample::second_one, "2nd"}}}};
  static_assert(table.is_in_order());
  CHECK(table.name(sample::second_one) == "2nd");
  CHECK(table.values() == std::array{sample::first, sample::second_one});
  constexpr enum_table<sample, 2> mixed{{{{sample::second_one, "2nd"}, {sample::first, "1st"}}}};
  CHECK(!mixed.is_in_order());
}

}  // namespace sonde
