#include "daemon/private_files.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace sonde::daemon {
namespace {

std::string said_of(const result<>& checked) {
  return checked ? std::string() : checked.error().message();
}

}  // namespace

TEST_CASE("a data folder that others own or may write to is refused with the remedy") {
  test::temporary_folder folder;
  auto data = folder.path() / "data";
  CHECK(check_data_folder(data));
  REQUIRE(mkdir(data.c_str(), 0755) == 0);
  CHECK(check_data_folder(data));
  for (mode_t mode : {0775U, 0757U, 01777U}) {
    REQUIRE(chmod(data.c_str(), mode) == 0);
    auto said = said_of(check_data_folder(data));
    CHECK(said.find("chmod go-w " + data.string()) != std::string::npos);
  }
  REQUIRE(chmod(data.c_str(), 0700) == 0);
  if (geteuid() != 0) return;  // only root can change the owner of a folder
  REQUIRE(chown(data.c_str(), 65534, 65534) == 0);
  auto said = said_of(check_data_folder(data));
  CHECK(said.find("65534") != std::string::npos);
  CHECK(said.find("chown 0 " + data.string()) != std::string::npos);
}

TEST_CASE("a secret file that others may write to is refused with the remedy") {
  test::temporary_folder folder;
  auto file = folder.path() / "secret";
  CHECK(!check_secret_file(file));
  std::ofstream(file) << "x";
  REQUIRE(chmod(file.c_str(), 0644) == 0);
  CHECK(check_secret_file(file));
  REQUIRE(chmod(file.c_str(), 0664) == 0);
  CHECK(said_of(check_secret_file(file)).find("chmod go-w") != std::string::npos);
}

}  // namespace sonde::daemon
