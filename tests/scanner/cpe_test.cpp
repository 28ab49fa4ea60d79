#include "scanner/modules/cpe.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::scanner {

TEST_CASE("a component of a CPE name has only printable characters of ASCII") {
  CHECK(quoted_for_cpe("1.22_a-B") == "1.22_a-B");
  CHECK(quoted_for_cpe("1:2+~") == "1\\:2\\+\\~");
  CHECK(quoted_for_cpe("1 2\t\x01\x7F") == "1_2___");
  CHECK(quoted_for_cpe("1\xC3\xA4\xFF") == "1___");
}

TEST_CASE("the version of a product is quoted in its CPE name") {
  CHECK(cpe_of("Solr", "9.1") == "cpe:2.3:a:apache:solr:9.1:*:*:*:*:*:*:*");
  CHECK(cpe_of("Solr", "9.1 b\xE9ta") == "cpe:2.3:a:apache:solr:9.1_b_ta:*:*:*:*:*:*:*");
  CHECK(cpe_of("Solr", "") == "cpe:2.3:a:apache:solr:*:*:*:*:*:*:*:*");
}

}  // namespace sonde::scanner
