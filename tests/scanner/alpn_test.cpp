#include "scanner/engine/alpn.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::scanner {

TEST_CASE("a port gets the application protocols that its servers know") {
  CHECK(alpn_offers(443) == std::vector<alpn_list>{{"http/1.1"}, {"h2"}, {}});
  CHECK(alpn_offers(40'001) == alpn_offers(443));
  CHECK(alpn_offers(993) == std::vector<alpn_list>{{"imap"}, {}});
  CHECK(alpn_offers(465) == std::vector<alpn_list>{{}});
}

TEST_CASE("the last offer of every port is none") {
  for (std::uint32_t port = 1; port <= 65'535; ++port)
    REQUIRE(alpn_offers(static_cast<std::uint16_t>(port)).back().empty());
}

}  // namespace sonde::scanner
