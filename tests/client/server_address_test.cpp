#include "client/server_address.hpp"

#include "client/errc.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::client {

TEST_CASE("a server is a host and a port, with or without the scheme") {
  auto plain = parse_server("http://127.0.0.1:8480/").value();
  CHECK(plain.host == "127.0.0.1");
  CHECK(plain.port == "8480");
  CHECK(!plain.tls);
  CHECK(plain.text() == "http://127.0.0.1:8480");
  CHECK(parse_server("scan.example:80").value().host == "scan.example");
  auto v6 = parse_server("http://[::1]:8480").value();
  CHECK(v6.host == "::1");
  CHECK(v6.authority() == "[::1]:8480");
  auto encrypted = parse_server("https://[::1]:8480/").value();
  CHECK(encrypted.tls);
  CHECK(encrypted.text() == "https://[::1]:8480");
  for (const char* bad : {"",
                          "http://",
                          "https://",
                          ":80",
                          "127.0.0.1:0",
                          "127.0.0.1:65536",
                          "127.0.0.1:8 0",
                          "http://127.0.0.1:-1",
                          "http://a/b:80",
                          "https://http://a:80",
                          "a b:80",
                          "user@host:80",
                          "[::1",
                          "::1",
                          "[::1]x:80",
                          "[127.0.0.1]:80",
                          "[x]:80",
                          "::1:80",
                          "http://a:80/x",
                          "http://a:80?x",
                          "http://a:80#x",
                          "[::ffff:1.2.3.4]:80",
                          "http://[v1.x]:80",
                          "http://%61:80",
                          "ftp://a:80",
                          "127.0.0.1:165536"}) {
    CAPTURE(bad);
    auto parsed = parse_server(bad);
    REQUIRE(!parsed);
    CHECK(parsed.error().code == make_error_code(errc::usage));
    CHECK(parsed.error().message().find("http://127.0.0.1:8480") != std::string::npos);
  }
}

TEST_CASE("a URL without a port has the default port of its scheme") {
  const std::pair<const char*, const char*> cases[] = {
      {"http://example.com", "http://example.com:80"},
      {"https://example.com/", "https://example.com:443"},
      {"HTTPS://example.com:", "https://example.com:443"},
      {"https://[::1]", "https://[::1]:443"},
  };
  for (const auto& one : cases) {
    const auto& [text, meant] = one;
    CAPTURE(one.first);
    CHECK(parse_server(text).value().text() == meant);
  }
}

TEST_CASE("without a scheme and a port, the error shows the same address with a port") {
  const std::pair<const char*, const char*> cases[] = {
      {"example.com", "http://example.com:8480"},
      {"127.0.0.1", "http://127.0.0.1:8480"},
      {"127.0.0.1:", "http://127.0.0.1:8480"},
      {"[::1]", "http://[::1]:8480"},
  };
  for (const auto& one : cases) {
    const char* text = one.first;
    CAPTURE(text);
    auto parsed = parse_server(text);
    REQUIRE(!parsed);
    CHECK(parsed.error().code == make_error_code(errc::usage));
    CHECK(parsed.error().message() ==
          "\"" + std::string(text) + "\" has no port; give one, as in " + one.second);
  }
}

TEST_CASE("addresses of this machine are distinguished from other addresses") {
  for (const char* here : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"})
    CHECK(parse_server(here).value().is_this_machine());
  for (const char* there : {"192.0.2.1:1", "[2001:db8::1]:1", "localhost.example:1", "0.0.0.0:1"})
    CHECK(!parse_server(there).value().is_this_machine());
  server_address file;
  file.socket = "/run/sonde/control.sock";
  CHECK(file.is_this_machine());
  CHECK(file.authority() == "localhost");
  CHECK(file.text() == "/run/sonde/control.sock");
}

}  // namespace sonde::client
