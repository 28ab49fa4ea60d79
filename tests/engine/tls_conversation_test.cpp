#include "scanner/engine/conversation.hpp"
#include "tests/engine/scan_fixture.hpp"
#include "tests/engine/tls_behaviour.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::tcp_socket;

/// Result of a scan of one TLS server, under a name or its address.
struct tls_report {
  model::endpoint_observation endpoint;
  std::vector<std::shared_ptr<const model::certificate_observation>> certificates;
  milliseconds took{};

  [[nodiscard]] const model::tls_observation& tls() const {
    REQUIRE(endpoint.tls.has_value());
    return *endpoint.tls;
  }
};

tls_report scan_tls(test::server_settings settings, test::inside_tls inside = {},
                    const char* name = nullptr, test::limits bounds = test::short_limits()) {
  tls_report out;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(test::speaks_tls(settings, inside));
    auto job = f.job("127.77.0.1", std::to_string(server.port()));
    if (name != nullptr) job.host = model::target::parse(name).value();
    auto begun = f.time().steady_now();
    auto report = co_await f.engine().scan(std::move(job));
    out.took = std::chrono::duration_cast<milliseconds>(f.time().steady_now() - begun);
    out.endpoint = test::endpoint_of(report, server.port());
    out.certificates = report.certificates;
  };
  test::with_engine(body, bounds);
  return out;
}

/// A leaf for `leaf.example` and 127.77.0.1, and its issuer.
std::vector<std::string> made_chain() {
  test::recipe leaf;
  leaf.extensions = {{"subjectAltName", "DNS:leaf.example,IP:127.77.0.1"}};
  test::recipe issuer;
  issuer.subject = leaf.issuer;
  issuer.key = leaf.issuer_key;
  return {test::make_certificate(leaf), test::make_self_signed(issuer)};
}

/// A server's first flight without its last message: the client goes on waiting for it.
std::string flight_without_end(const std::vector<std::string>& chain) {
  constexpr std::size_t server_hello_done = 4;
  constexpr std::size_t record_head = 5;
  auto out = test::plain_flight(chain);
  out.resize(out.size() - server_hello_done);
  auto length = out.size() - record_head;
  out[3] = static_cast<char>(length >> 8U);
  out[4] = static_cast<char>(length & 0xFFU);
  return out;
}

}  // namespace

TEST_CASE("HTTP inside TLS, with the chain that was presented") {
  auto chain = made_chain();
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    CAPTURE(version);
    auto seen = scan_tls({.only_version = version, .chain = chain},
                         {.answer = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n"});
    CHECK(seen.endpoint.module == "http");
    CHECK(seen.endpoint.service.name == "http");
    CHECK(seen.endpoint.service.version == "1.22.1");
    CHECK(seen.endpoint.detail.empty());
    CHECK(seen.tls().version == version);
    CHECK(!seen.tls().cipher.empty());
    CHECK(seen.tls().sni.empty());
    CHECK(seen.tls().alert.empty());
    CHECK(!seen.tls().mismatched);
    REQUIRE(seen.certificates.size() == 2);
    REQUIRE(seen.tls().chain.size() == 2);
    CHECK(seen.tls().chain[0] == seen.certificates[0]->sha256);
    CHECK(seen.certificates[0]->hostnames == std::vector<std::string>{"leaf.example"});
    CHECK(seen.certificates[1]->subject == "CN=Test CA,C=AT");
  }
}

TEST_CASE("a service may speak first inside TLS too") {
  auto seen = scan_tls({}, {.greeting = "220 mail.example.com ESMTP Postfix\r\n"});
  CHECK(seen.endpoint.module == "greeting");
  CHECK(seen.endpoint.service.name == "smtp");
  CHECK(seen.endpoint.tls.has_value());
}

TEST_CASE("STARTTLS brings the certificate, and the service stays the one of the greeting") {
  tls_report out;
  auto secure = test::speaks_tls({}, {});
  auto mail = [secure](test::tcp_socket peer) -> awaitable<void> {
    co_await test::say(peer, "220 mail.example.com ESMTP Postfix\r\n");
    co_await test::read_until(peer, "EHLO sonde.invalid\r\n");
    co_await test::say(peer, "250-mail.example.com\r\n250 STARTTLS\r\n");
    co_await test::read_until(peer, "STARTTLS\r\n");
    co_await test::say(peer, "220 2.0.0 Ready\r\n");
    co_await secure(std::move(peer));
  };
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(mail);
    auto report = co_await f.scan("127.77.0.1", std::to_string(server.port()));
    out.endpoint = test::endpoint_of(report, server.port());
    out.certificates = report.certificates;
    CHECK(server.accepted() == 1);
  };
  test::with_engine(body, test::short_limits());
  CHECK(out.endpoint.module == "greeting");
  CHECK(out.endpoint.service.name == "smtp");
  CHECK(out.endpoint.service.product == "Postfix");
  CHECK(out.tls().starttls);
  CHECK(out.certificates.size() == 1);
  REQUIRE(out.endpoint.service.facts.size() == 2);
  CHECK(out.endpoint.service.facts.front().value == "mail.example.com");
  CHECK(out.endpoint.service.facts.back().value == "mail.example.com, STARTTLS");
}

TEST_CASE("TLS and not a word inside it") {
  auto seen = scan_tls({});
  CHECK(seen.endpoint.module == "tls");
  CHECK(seen.endpoint.service.name.empty());
  CHECK(seen.endpoint.raw_banner.empty());
  CHECK(seen.certificates.size() == 1);
}

TEST_CASE("a target's name is sent, and its certificate is checked against it") {
  auto chain = made_chain();
  test::inside_tls quick{.greeting = "SSH-2.0-test_1\r\n"};
  auto seen = scan_tls({.chain = chain}, quick, "leaf.example");
  CHECK(seen.tls().sni == "leaf.example");
  CHECK(!seen.tls().mismatched);
  seen = scan_tls({.chain = chain}, quick, "other.example");
  CHECK(seen.tls().sni == "other.example");
  CHECK(seen.tls().mismatched);
}

TEST_CASE("a server that refuses the name speaks TLS") {
  auto seen = scan_tls({.refuses_name = "other.example"}, {}, "other.example");
  CHECK(seen.endpoint.module == "tls");
  CHECK(seen.tls().alert == "unrecognized_name");
  CHECK(seen.certificates.empty());
  CHECK(!seen.endpoint.detail.empty());
}

TEST_CASE("a server that insists on a certificate of ours shows its own") {
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    CAPTURE(version);
    auto seen = scan_tls({.only_version = version, .insists_on_certificate = true});
    CHECK(seen.tls().client_certificate_requested);
    CHECK(seen.certificates.size() == 1);
    CHECK(!seen.tls().alert.empty());
  }
}

TEST_CASE("a flood inside TLS ends at the limit") {
  auto bounds = test::short_limits();
  auto seen = scan_tls({}, {.floods = true}, nullptr, bounds);
  CHECK(seen.endpoint.raw_banner.size() == bounds.banner_bytes);
  CHECK(seen.took < milliseconds(4'000));
}

TEST_CASE("a handshake that stops in the middle: what was seen of it stays") {
  auto chain = made_chain();
  tls_report out;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve([&chain](test::tcp_socket peer) -> awaitable<void> {
      std::string bytes(4096, '\0');
      co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
      if (bytes[0] == '\x16') co_await test::say(peer, flight_without_end(chain));
      co_await test::ignore(peer);
    });
    auto report = co_await f.scan("127.77.0.1", std::to_string(server.port()));
    out.endpoint = test::endpoint_of(report, server.port());
    out.certificates = report.certificates;
  };
  test::with_engine(body);
  CHECK(out.endpoint.module == "tls");
  CHECK(out.certificates.size() == 2);
  CHECK(!out.endpoint.detail.empty());
}

TEST_CASE("a certificate that is garbage is an observation, and no reason to stop") {
  tls_report out;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve([](test::tcp_socket peer) -> awaitable<void> {
      std::string bytes(4096, '\0');
      co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
      auto flight = test::plain_flight({"garbage"});
      if (bytes[0] == '\x16') co_await test::say(peer, flight);
      co_await test::ignore(peer);
    });
    auto report = co_await f.scan("127.77.0.1", std::to_string(server.port()));
    out.endpoint = test::endpoint_of(report, server.port());
    out.certificates = report.certificates;
  };
  test::with_engine(body);
  REQUIRE(out.certificates.size() == 1);
  CHECK(out.certificates[0]->attributes["parse-status"] == "unparsable");
  CHECK(out.tls().chain.size() == 1);
}

TEST_CASE("a server with HTTP/2 alone gets a request in HTTP/2") {
  const std::string settings("\0\0\0\x04\0\0\0\0\0", 9);
  auto seen = scan_tls({.protocol = "h2"}, {.answer = settings, .request = "PRI * HTTP/2.0"});
  CHECK(seen.endpoint.service.name == "http");
  REQUIRE(seen.endpoint.service.facts.size() == 2);
  CHECK(seen.endpoint.service.facts[0].value == "2");
  CHECK(seen.endpoint.service.facts[1].name == "alpn");
  CHECK(seen.endpoint.service.facts[1].value == "h2");
  CHECK(seen.certificates.size() == 1);
}

TEST_CASE("a server that has none of the offered protocols gets a hello without them") {
  auto seen = scan_tls({.protocol = "imap"}, {.greeting = "* OK ready\r\n"});
  CHECK(seen.endpoint.service.name == "imap");
  CHECK(seen.endpoint.service.facts.empty());
  CHECK(seen.tls().alert.empty());
}

TEST_CASE("a server that drops a hello of TLS 1.3 gets one of TLS 1.2") {
  tls_report out;
  test::inside_tls inside{.answer = "HTTP/1.1 200 OK\r\nServer: old\r\n\r\n"};
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(test::drops_tls13({}, inside));
    auto report = co_await f.scan("127.77.0.1", std::to_string(server.port()));
    out.endpoint = test::endpoint_of(report, server.port());
    out.certificates = report.certificates;
  };
  test::with_engine(body, test::short_limits());
  CHECK(out.tls().version == "TLSv1.2");
  CHECK(out.endpoint.service.product == "old");
  CHECK(out.certificates.size() == 1);
}

TEST_CASE("a redirect from plain HTTP to HTTPS on the same port leads to TLS") {
  auto secure = test::speaks_tls({}, {.answer = "HTTP/1.1 200 OK\r\nServer: inner\r\n\r\n"});
  auto both = [&secure](tcp_socket peer) -> awaitable<void> {
    co_await peer.async_wait(tcp_socket::wait_read, asio::use_awaitable);
    std::string first(1, '\0');
    peer.receive(asio::buffer(first), tcp_socket::message_peek);
    if (first[0] == '\x16') {
      co_await secure(std::move(peer));
    } else {
      co_await test::read_until(peer, "\r\n\r\n");
      co_await test::say(peer, "HTTP/1.1 301 Moved\r\nLocation: https://a.example:8006/\r\n\r\n");
    }
  };
  model::endpoint_observation endpoint;
  auto body = [&](test::scan_fixture& f) -> awaitable<void> {
    test::loopback_server server(f.loop(), "127.77.9.7", both, 8006);
    auto report = co_await f.scan("127.77.9.7", "8006");
    endpoint = test::endpoint_of(report, 8006);
    co_await server.stop();
  };
  test::with_engine(body, test::short_limits());
  CHECK(endpoint.tls);
  CHECK(endpoint.service.product == "inner");
}

TEST_CASE("certificates beyond the scan's budget leave their fingerprints") {
  auto bounds = test::short_limits();
  bounds.scan_evidence_bytes = 100;
  test::server_settings settings;
  settings.chain = made_chain();
  auto seen = scan_tls(settings, {}, nullptr, bounds);
  CHECK(seen.certificates.empty());
  CHECK(seen.endpoint.truncated);
  REQUIRE(seen.tls().chain.size() == 2);
  CHECK(seen.tls().chain[0] == fingerprint_of(settings.chain[0]));
  CHECK(seen.tls().chain[1] == fingerprint_of(settings.chain[1]));
}

}  // namespace sonde::scanner
