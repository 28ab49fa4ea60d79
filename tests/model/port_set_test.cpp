#include "model/net/port_set.hpp"

#include "model/scan/profile.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {

TEST_CASE("ports have one canonical form") {
  struct row {
    const char* written;
    const char* canonical;
    std::uint32_t size;
  };
  for (const auto& r : std::initializer_list<row>{
           {"80", "80", 1},
           {"90,80", "80,90", 2},
           {"80-90", "80-90", 11},
           {"85-90,80-86,91", "80-91", 12},
           {"1-65535", "1-65535", 65535},
           {"65535,1", "1,65535", 2},
           {"22,22,22", "22", 1},
           {"80-80", "80", 1},
       }) {
    CAPTURE(r.written);
    auto ports = port_set::parse(r.written);
    REQUIRE(ports);
    CHECK(ports->text() == r.canonical);
    CHECK(ports->size() == r.size);
  }
  CHECK(port_set::all().text() == "1-65535");
  CHECK(port_set::of({3, 1, 2}).text() == "1-3");
}

TEST_CASE("an invalid list of ports is refused") {
  for (const char* text : {"", "0", "65536", "80,", ",80", "80--90", "90-80", "a", "80-", "-80",
                           "80 ", "8 0", "+80", "0x50", "80;90", "99999999999999999999"}) {
    CHECK_MESSAGE(!port_set::parse(text), text);
  }
}

TEST_CASE("ranks number the ports in order") {
  auto ports = port_set::parse("22,80-82,443").value();
  std::vector<std::uint16_t> want{22, 80, 81, 82, 443};
  for (std::uint32_t i = 0; i < ports.size(); ++i)
    CHECK(ports.at(i) == want[i]);
  for (auto port : want)
    CHECK(ports.contains(port));
  for (auto port : std::initializer_list<std::uint16_t>{21, 23, 79, 83, 442, 444})
    CHECK(!ports.contains(port));
}

TEST_CASE("`standard` has about a thousand ports, each once, and every row has a reason") {
  profile_book profiles;
  const auto* standard = profiles.find("standard");
  REQUIRE(standard != nullptr);
  CHECK(standard->size() >= 950);
  CHECK(standard->size() <= 1100);
  std::uint32_t sum = 0;
  for (const auto& group : standard_groups()) {
    auto ports = port_set::parse(group.ports);
    REQUIRE(ports);
    CHECK(ports->text() == group.ports);
    CHECK(std::string_view(group.reason).size() > 2);
    sum += ports->size();
  }
  CHECK(sum == standard->size());
  for (auto port : std::initializer_list<std::uint16_t>{
           21,   22,   23,   25,   53,   80,   110,  143,  443,  445,  993,   1433, 1521,
           2375, 3306, 3389, 5432, 5900, 6379, 6443, 8080, 8443, 9200, 11211, 27017}) {
    CHECK_MESSAGE(standard->contains(port), port);
  }
  CHECK(profiles.find("full")->size() == 65535);
}

TEST_CASE("the length of a refusal of ports does not grow with the input") {
  for (const auto& text : {"2-" + std::string(300'000, '0') + "1", std::string(300'000, '1')}) {
    auto parsed = port_set::parse(text);
    REQUIRE(!parsed);
    CHECK(parsed.error().message().size() < 200);
  }
}

TEST_CASE("the configuration can define profiles") {
  auto profiles = profile_book::with({{"web", "80,443"}});
  REQUIRE(profiles);
  CHECK(profiles->ports_of("web", "").value().text() == "80,443");
  CHECK(profiles->ports_of("web", "80").value().text() == "80");
  CHECK(profiles->ports_of("22,80-90", "").value().size() == 12);
  auto misspelt = profiles->ports_of("standart", "");
  REQUIRE(!misspelt);
  CHECK(misspelt.error().message().find("\"standard\"") != std::string::npos);
  CHECK(profile_book().unknown("nope").message() ==
        "there is no profile \"nope\"; known: full, standard");
  CHECK(!profile_book::with({{"full", "80"}}));
  CHECK(!profile_book::with({{"1web", "80"}}));
  CHECK(!profile_book::with({{"web", "x"}}));
}

}  // namespace sonde::model
