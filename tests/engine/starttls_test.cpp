#include "scanner/engine/conversation.hpp"
#include "scanner/engine/tds_frames.hpp"
#include "scanner/modules/ber.hpp"
#include "tests/engine/scan_fixture.hpp"
#include "tests/engine/tls_behaviour.hpp"
#include "tests/support/doctest.hpp"

#include <boost/asio/read.hpp>

#include <algorithm>

namespace sonde::scanner {
namespace {

using namespace std::string_literals;
using test::tcp_socket;

/// Result of a scan of a server that begins TLS inside its protocol.
struct upgrade_report {
  model::endpoint_observation endpoint;
  std::size_t certificates = 0;
  int connections = 0;

  [[nodiscard]] bool began_tls() const { return endpoint.tls && endpoint.tls->starttls; }
  /// The value of a fact; empty if there is none.
  [[nodiscard]] std::string fact(std::string_view name) const {
    const auto& all = endpoint.service.facts;
    auto found = std::ranges::find(all, name, &model::service_fact::name);
    return found == all.end() ? std::string() : found->value;
  }
};

upgrade_report scan_upgrade(const test::behaviour& how, std::uint16_t port) {
  upgrade_report out;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    test::loopback_server server(f.loop(), "127.77.9.6", how, port);
    auto report = co_await f.scan("127.77.9.6", std::to_string(port));
    out.endpoint = test::endpoint_of(report, port);
    out.certificates = report.certificates.size();
    out.connections = server.accepted();
    co_await server.stop();
  };
  test::with_engine(body, test::short_limits());
  return out;
}

/// The first connection behaves in one way and the following ones in another.
test::behaviour first_then(test::behaviour first, test::behaviour then) {
  auto count = std::make_shared<int>(0);
  return [=](tcp_socket peer) {
    return (*count)++ == 0 ? first(std::move(peer)) : then(std::move(peer));
  };
}

/// A message of LDAP with the id of the request, which the response repeats.
test::behaviour answers_ldap(std::string operation, test::behaviour then) {
  return [=](tcp_socket peer) -> awaitable<void> {
    std::string request(4096, '\0');
    auto size = co_await peer.async_read_some(asio::buffer(request), asio::use_awaitable);
    auto id = request.substr(request.find("\x02\x04"), 6);
    bool whole = size > id.size();
    if (whole) co_await test::say(peer, ber_element(0x30, id + operation));
    co_await then(std::move(peer));
  };
}

const std::string postgresql_refusal =
    "E\0\0\0\x79SFATAL\0VFATAL\0C28000\0Mno PostgreSQL user name specified in startup packet\0"
    "Fpostmaster.c\0L2351\0RProcessStartupPacket\0\0"s;
const std::string postgresql_start = "\0\0\0\x09\0\x03\0\0\0"s;

/// A handshake packet of MySQL with these capabilities.
std::string mysql_greeting(std::uint16_t flags) {
  auto payload =
      "\x0A"
      "8.0.36\0"s +
      std::string(4, '\x01') + std::string(8, 's') + '\0' + byte_writer().le16(flags).take() +
      std::string(29, '\0');
  return byte_writer().le32(static_cast<std::uint32_t>(payload.size())).take() + payload;
}

const std::string mssql_response =
    "\x04\x01\x00\x2B\x00\x00\x01\x00\x00\x00\x1A\x00\x06\x01\x00\x20\x00\x01\x02\x00\x21\x00\x01"
    "\x03\x00\x22\x00\x00\x04\x00\x22\x00\x01\xFF\x0F\x00\x07\xD0\x00\x00"s;

/// SQL Server with this answer to PRELOGIN; a handshake follows in packets of TDS.
test::behaviour answers_mssql(char encryption) {
  return [=](tcp_socket peer) -> awaitable<void> {
    std::string bytes(8'192, '\0');
    co_await asio::async_read(peer, asio::buffer(bytes, 47), asio::use_awaitable);
    co_await test::say(peer, mssql_response + encryption + std::string(2, '\0'));
    test::memory_server server({});
    tds_frames frames;
    while (true) {
      auto size = co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
      server.receive(frames.unwrap(std::string_view(bytes).substr(0, size)));
      auto output = tds_frames::wrap(server.take_output());
      if (!output.empty()) co_await test::say(peer, output);
    }
  };
}

}  // namespace

TEST_CASE("a mail server gets another request for its capabilities inside TLS") {
  test::inside_tls inside{.answer = "250-mail.example.com\r\n250 AUTH PLAIN\r\n",
                          .request = "EHLO"};
  auto mail =
      test::answers_then({{"", "220 mail.example.com ESMTP Postfix\r\n"},
                          {"EHLO sonde.invalid\r\n", "250-mail.example.com\r\n250 STARTTLS\r\n"},
                          {"STARTTLS\r\n", "220 2.0.0 Ready\r\n"}},
                         test::speaks_tls({}, inside));
  auto seen = scan_upgrade(mail, 10'025);
  CHECK(seen.began_tls());
  CHECK(seen.certificates == 1);
  CHECK(seen.connections == 1);
  CHECK(seen.fact("capabilities") == "mail.example.com, STARTTLS");
  CHECK(seen.fact("tls-capabilities") == "mail.example.com, AUTH PLAIN");
}

TEST_CASE("a mail server inside TLS from the first byte gets a request for its capabilities") {
  test::inside_tls inside{.greeting = "* OK Dovecot ready.\r\n",
                          .answer = "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na OK done\r\n",
                          .request = "a CAPABILITY\r\n"};
  auto seen = scan_upgrade(test::speaks_tls({.protocol = "imap"}, inside), 993);
  CHECK(seen.endpoint.service.name == "imap");
  CHECK(!seen.began_tls());
  CHECK(seen.fact("capabilities") == "IMAP4rev1 AUTH=PLAIN");
  CHECK(seen.fact("alpn") == "imap");
}

TEST_CASE("LDAP begins TLS by an extended operation on a second connection") {
  auto done = ber_element(0x65, ber_element(0x0A, "\0"s) + ber_element(4, "") + ber_element(4, ""));
  auto accepted =
      ber_element(0x78, ber_element(0x0A, "\0"s) + ber_element(4, "") + ber_element(4, ""));
  auto secure = answers_ldap(accepted, test::speaks_tls({}, {}));
  auto seen = scan_upgrade(first_then(answers_ldap(done, test::is_mute()), secure), 1389);
  CHECK(seen.endpoint.service.name == "ldap");
  CHECK(seen.began_tls());
  CHECK(seen.certificates == 1);
  CHECK(seen.connections == 2);
}

TEST_CASE("an LDAP server that refuses TLS stays what it is") {
  auto done = ber_element(0x65, ber_element(0x0A, "\0"s) + ber_element(4, "") + ber_element(4, ""));
  auto refused =
      ber_element(0x78, ber_element(0x0A, "\x34") + ber_element(4, "") + ber_element(4, ""));
  auto how =
      first_then(answers_ldap(done, test::is_mute()), answers_ldap(refused, test::is_mute()));
  auto seen = scan_upgrade(how, 1389);
  CHECK(seen.endpoint.service.name == "ldap");
  CHECK(!seen.endpoint.tls);
  CHECK(seen.endpoint.detail.empty());
}

TEST_CASE("PostgreSQL begins TLS after SSLRequest, and gets a request inside") {
  auto plain = test::answers_then({{postgresql_start, postgresql_refusal}}, test::is_mute());
  test::inside_tls inside{.answer = postgresql_refusal, .request = postgresql_start};
  auto request = "\x04\xD2\x16\x2F"s;
  auto secure = test::answers_then({{request, "S"}}, test::speaks_tls({}, inside));
  auto seen = scan_upgrade(first_then(plain, secure), 5433);
  CHECK(seen.endpoint.service.name == "postgresql");
  CHECK(seen.endpoint.service.product == "PostgreSQL");
  CHECK(seen.began_tls());
  CHECK(seen.certificates == 1);
  CHECK(seen.fact("version-range") == ">=9.6");
  CHECK(seen.fact("tls-version-range").empty());
  auto refuses = test::answers_then({{request, "N"}}, test::is_mute());
  seen = scan_upgrade(first_then(plain, refuses), 5433);
  CHECK(seen.endpoint.service.name == "postgresql");
  CHECK(!seen.endpoint.tls);
}

TEST_CASE("MySQL begins TLS directly after the request, if its greeting offers it") {
  auto serve = [](std::uint16_t flags) -> test::behaviour {
    return [flags](tcp_socket peer) -> awaitable<void> {
      co_await test::say(peer, mysql_greeting(flags));
      std::string request(36, '\0');
      co_await asio::async_read(peer, asio::buffer(request), asio::use_awaitable);
      CHECK(request.substr(0, 8) == "\x20\0\0\x01\x0A\xAE\x08\0"s);
      auto secure = test::speaks_tls({}, {});
      co_await secure(std::move(peer));
    };
  };
  auto seen = scan_upgrade(serve(0x0800), 10'026);
  CHECK(seen.endpoint.service.name == "mysql");
  CHECK(seen.endpoint.service.version == "8.0.36");
  CHECK(seen.began_tls());
  CHECK(seen.certificates == 1);
  CHECK(seen.connections == 1);
  seen = scan_upgrade(serve(0x0200), 10'026);
  CHECK(seen.endpoint.service.name == "mysql");
  CHECK(!seen.endpoint.tls);
}

TEST_CASE("SQL Server carries the handshake in packets of its own") {
  auto seen = scan_upgrade(answers_mssql(1), 1433);
  CHECK(seen.endpoint.service.name == "mssql");
  CHECK(seen.endpoint.service.version == "15.0.2000");
  CHECK(seen.began_tls());
  CHECK(seen.certificates == 1);
  CHECK(seen.endpoint.tls->version == "TLSv1.2");
  CHECK(seen.connections == 2);
  seen = scan_upgrade(answers_mssql(2), 1433);
  CHECK(seen.endpoint.service.name == "mssql");
  CHECK(!seen.endpoint.tls);
}

TEST_CASE("IRC begins TLS after numeric 670, and tells its version inside") {
  auto greeting = ":irc.example.org NOTICE * :*** Looking up your hostname\r\n"s;
  test::inside_tls inside{.answer = ":irc.example.org 351 * ngIRCd-26.1. irc.example.org :x\r\n",
                          .request = "VERSION\r\n"};
  auto how = test::answers_then(
      {{"", greeting}, {"STARTTLS\r\n", ":irc.example.org 670 * :STARTTLS successful\r\n"}},
      test::speaks_tls({}, inside));
  auto seen = scan_upgrade(how, 6667);
  CHECK(seen.endpoint.service.name == "irc");
  CHECK(seen.began_tls());
  CHECK(seen.certificates == 1);
  CHECK(seen.endpoint.service.product == "ngIRCd");
  auto refuses = test::answers_then(
      {{"", greeting}, {"STARTTLS\r\n", ":irc.example.org 691 * :STARTTLS failed\r\n"}},
      test::is_mute());
  seen = scan_upgrade(refuses, 6667);
  CHECK(seen.endpoint.service.name == "irc");
  CHECK(!seen.endpoint.tls);
}

TEST_CASE("ManageSieve repeats its capabilities inside TLS, without a request") {
  auto capabilities = [](const std::string& mechanisms) {
    return "\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n\"SASL\" \"" + mechanisms +
           "\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n";
  };
  test::inside_tls inside{.greeting = capabilities("PLAIN LOGIN")};
  auto how = test::answers_then(
      {{"", capabilities("SCRAM-SHA-256")}, {"STARTTLS\r\n", "OK \"Begin TLS now.\"\r\n"}},
      test::speaks_tls({}, inside));
  auto seen = scan_upgrade(how, 4190);
  CHECK(seen.endpoint.service.name == "managesieve");
  CHECK(seen.began_tls());
  CHECK(seen.fact("mechanisms") == "SCRAM-SHA-256");
  CHECK(seen.fact("tls-mechanisms") == "PLAIN LOGIN");
}

TEST_CASE("NATS begins TLS directly after its greeting, if that requires or offers TLS") {
  auto serve = [](const std::string& field) {
    return test::answers_then(
        {{"", "INFO {\"server_id\":\"NA\",\"version\":\"2.10.4\"" + field + "}\r\n"}},
        test::speaks_tls({}, {}));
  };
  auto seen = scan_upgrade(serve(",\"tls_required\":true"), 4222);
  CHECK(seen.endpoint.service.name == "nats");
  CHECK(seen.began_tls());
  CHECK(seen.certificates == 1);
  CHECK(seen.connections == 1);
  CHECK(seen.fact("starttls") == "required");
  seen = scan_upgrade(serve(",\"tls_available\":true"), 4222);
  CHECK(seen.began_tls());
  CHECK(seen.fact("starttls") == "offered");
  seen = scan_upgrade(serve(""), 4222);
  CHECK(seen.endpoint.service.version == "2.10.4");
  CHECK(!seen.endpoint.tls);
}

}  // namespace sonde::scanner
