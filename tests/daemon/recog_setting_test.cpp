#include "daemon/recog_setting.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

namespace sonde::daemon {

TEST_CASE("the folder of fingerprints is optional, and a bad one is named") {
  configuration config;
  auto none = load_fingerprints(config);
  REQUIRE(none);
  CHECK(*none == nullptr);
  test::temporary_folder folder;
  config.scan.recog_dir = folder.path().string();
  auto empty = load_fingerprints(config);
  REQUIRE(!empty);
  CHECK(empty.error().message() ==
        "scan.recog_dir: " + folder.path().string() + " has no file *.xml");
  std::ofstream(folder.path() / "a.xml") << "<fingerprints matches=\"ftp.banner\"/>";
  auto loaded = load_fingerprints(config);
  REQUIRE(loaded);
  CHECK((*loaded)->loaded().files == 1);
}

}  // namespace sonde::daemon
