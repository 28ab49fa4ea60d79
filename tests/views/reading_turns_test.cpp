#include "views/reading_turns.hpp"

#include "tests/support/doctest.hpp"

#include <string>

namespace sonde::views {

TEST_CASE("a caller with many reads delays another caller by one read") {
  reading_turns turns;
  std::string done;
  auto add = [&](const char* caller, char name) {
    turns.add(caller, [&done, name] { done += name; });
  };
  for (char name : {'a', 'b', 'c', 'd'})
    add("many", name);
  turns.next()();
  add("one", 'x');
  add("two", 'y');
  add("two", 'z');
  while (!turns.empty())
    turns.next()();
  CHECK(done == "abxyczd");
  CHECK(!turns.next());
}

}  // namespace sonde::views
