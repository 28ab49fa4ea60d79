#include "client/refusal_words.hpp"

#include "client/errc.hpp"
#include "model/net/target.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::client {
namespace {

constexpr const char* some_scan = "00000000-0000-8000-8000-000000000000";

/// Returns a server's refusal of a target, as the command line shows it.
std::string refusal_of(const std::string& target) {
  auto refused = model::target::parse(target);
  REQUIRE(!refused);
  return in_words_of_command("target: " + refused.error().message());
}

bool contains_text(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a target with a port is refused with the option for ports") {
  for (const char* target : {"203.0.113.1:80", "host.example:80", "[2001:db8::1]:443"}) {
    CAPTURE(target);
    auto said = refusal_of(target);
    CHECK(contains_text(said, "ports in --ports"));
    CHECK(!contains_text(said, "\"ports\""));
  }
}

TEST_CASE("for a verb without a ports option the message does not mention ports") {
  CHECK(without_request_fields("has a port; give the host alone, and ports in \"ports\"") ==
        "has a port; give the host alone");
}

TEST_CASE("several targets in one are refused, and the message says where a list is read") {
  for (const char* target :
       {"127.0.0.0/24", "2001:db8::/32", "203.0.113.1-20", "203.0.113.*", "a.example,b.example"}) {
    CAPTURE(target);
    auto said = refusal_of(target);
    CHECK(contains_text(said,
                        "give one address or one host name; a list of targets, one a line, is read "
                        "by --targets FILE or, for the target -, from standard input"));
  }
  CHECK(!contains_text(refusal_of("http://a.example/"), "--targets"));
}

TEST_CASE("a request field at the beginning of a sentence becomes its option") {
  CHECK(in_words_of_command("ports: \"0\" is not a port") == "--ports: \"0\" is not a port");
  CHECK(in_words_of_command("profile: there is no profile \"x\"") ==
        "--profile: there is no profile \"x\"");
  CHECK(in_words_of_command("the server is busy") == "the server is busy");
}

TEST_CASE("a not-found error names the object and says that it may be hidden") {
  auto none = fail(errc::not_found, "it does not exist");
  CHECK(with_name(none, "entity ip-1").message() ==
        "there is no entity ip-1, or it is not visible to this key");
  CHECK(with_name(fail(errc::refused, "no"), "entity ip-1").message() == "no");
  CHECK(with_scan(none, some_scan).message() ==
        std::string("there is no scan ") + some_scan + ", or it is not visible to this key");
  CHECK(with_scan(none, some_scan).code == make_error_code(errc::not_found));
  CHECK(with_scan(fail(errc::not_found, "\"x\" is not a scan id"), "x").message() ==
        "\"x\" is not a scan id");
  CHECK(with_scan(fail(errc::gone, "long ago"), some_scan).message() ==
        std::string(some_scan) + ": long ago");
}

}  // namespace sonde::client
