#include "client/columns.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::client {

TEST_CASE("columns are aligned, and the last one is not padded") {
  CHECK(in_columns({{"KEY", "N", "SAYS"}, {"a", "1", "x"}, {"longer", "", "a sentence"}}) ==
        "KEY     N  SAYS\n"
        "a       1  x\n"
        "longer     a sentence\n");
}

}  // namespace sonde::client
