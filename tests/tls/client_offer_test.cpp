#include "tests/support/doctest.hpp"
#include "tests/tls/memory_server.hpp"
#include "tls/client_handshake.hpp"

#include <string>

namespace sonde::tls {
namespace {

using state = client_handshake::state;

/// The observation of a handshake with this server.
handshake_observation offered(const test::server_settings& settings, client_offer offer) {
  library openssl;
  test::memory_server server(settings);
  client_handshake client(openssl, std::move(offer), {});
  test::converse(client, server);
  return client.observation();
}

}  // namespace

TEST_CASE("the protocol that the server selects is reported") {
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    CAPTURE(version);
    test::server_settings settings{.only_version = version, .protocol = "h2"};
    CHECK(offered(settings, {.alpn = {"http/1.1", "h2"}}).alpn == "h2");
    CHECK(offered(settings, {}).alpn.empty());
    CHECK(offered({.only_version = version}, {.alpn = {"http/1.1"}}).alpn.empty());
  }
}

TEST_CASE("a server that has none of the offered protocols sends an alert") {
  auto seen = offered({.protocol = "imap"}, {.alpn = {"http/1.1"}});
  CHECK(seen.alpn.empty());
  CHECK(seen.chain.empty());
  REQUIRE(seen.alert);
  CHECK(seen.alert->number == 120);
  CHECK(seen.alert->name == "no_application_protocol");
}

TEST_CASE("the highest version can be TLS 1.2") {
  CHECK(offered({}, {}).version == "TLSv1.3");
  CHECK(offered({}, {.highest = client_offer::version::tls12}).version == "TLSv1.2");
}

TEST_CASE("a protocol that fits no ALPN is not sent") {
  library openssl;
  for (const auto& name : {std::string(), std::string(256, 'a')}) {
    client_handshake client(openssl, {.alpn = {name}}, {});
    CHECK(client.status() == state::failed);
    CHECK(client.take_output().empty());
  }
}

}  // namespace sonde::tls
