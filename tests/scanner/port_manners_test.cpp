#include "scanner/engine/port_manners.hpp"

#include "tests/support/doctest.hpp"

#include <set>

namespace sonde::scanner {

TEST_CASE("only raw-printing ports are listen-only") {
  const std::set<std::uint32_t> printing = {515,  9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107,
                                            9112, 9113, 9114, 9115, 9116, 9220, 9290, 9500};
  for (std::uint32_t port = 0; port <= 65'535; ++port) {
    bool listened_only = manners_of(static_cast<std::uint16_t>(port)) == port_manners::listen_only;
    CHECK_MESSAGE(listened_only == printing.contains(port), port);
  }
}

}  // namespace sonde::scanner
