#include "daemon/small_file.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

namespace sonde::daemon {

TEST_CASE("a small file is read whole, a file of more than 64 KiB is refused") {
  test::temporary_folder folder;
  auto file = folder.path() / "secret";
  for (std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{65'536}}) {
    std::string text(size, 'x');
    std::ofstream(file) << text << std::flush;
    CHECK(read_small_file(file).value() == text);
  }
  std::ofstream(file) << std::string(65'537, 'x') << std::flush;
  CHECK(read_small_file(file).error().message() ==
        "cannot read " + file.string() + ": File too large");
}

TEST_CASE("a small file is written for its owner only, over an older one") {
  test::temporary_folder folder;
  auto file = folder.path() / "secret";
  for (const char* text : {"first", "second"}) {
    REQUIRE(write_small_file(file, text));
    CHECK(read_small_file(file).value() == text);
    auto rights = std::filesystem::status(file).permissions();
    CHECK((rights & std::filesystem::perms::all) == std::filesystem::perms(0600));
  }
  CHECK(!write_small_file("/nonexistent/secret", "x"));
}

TEST_CASE("the error for an unreadable file has its name and the reason") {
  test::temporary_folder folder;
  CHECK(read_small_file(folder.path()).error().message() ==
        "cannot read " + folder.path().string() + ": Is a directory");
  CHECK(read_small_file("/nonexistent/secret").error().message() ==
        "cannot read /nonexistent/secret: No such file or directory");
}

}  // namespace sonde::daemon
