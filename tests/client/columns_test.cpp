#include "client/columns.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::client {

TEST_CASE("columns begin at the same place, and the last one is not filled up") {
  CHECK(in_columns({{"KEY", "N", "SAYS"}, {"a", "1", "x"}, {"longer", "", "a sentence"}}) ==
        "KEY     N  SAYS\n"
        "a       1  x\n"
        "longer     a sentence\n");
}

}  // namespace sonde::client
