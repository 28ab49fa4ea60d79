#include "tls/client_handshake.hpp"

#include "tests/support/doctest.hpp"
#include "tests/tls/hand_made.hpp"
#include "tests/tls/memory_server.hpp"
#include "tls/errc.hpp"

#include <thread>

namespace sonde::tls {
namespace {

using namespace std::string_literals;
using state = client_handshake::state;
using test::converse;
using test::key_kind;
using test::memory_server;

const std::vector<std::string> versions = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};

library& this_library() {
  static library openssl;
  return openssl;
}

/// A client and a server that have exchanged bytes until both were silent.
struct meeting {
  explicit meeting(const test::server_settings& settings, const handshake_limits& limits = {},
                   std::size_t piece = 65'536)
      : server(settings), client(this_library(), {.sni = "host.example"}, limits) {
    converse(client, server, piece);
  }

  [[nodiscard]] const handshake_observation& seen() const { return client.observation(); }

  memory_server server;
  client_handshake client;
};

/// A client that has received `bytes` from a peer that is not a test server.
struct monologue {
  explicit monologue(std::string_view bytes, const handshake_limits& limits = {},
                     std::size_t piece = 65'536)
      : client(this_library(), {}, limits) {
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      client.receive(bytes.substr(at, piece));
  }

  [[nodiscard]] bool failed_with(errc code) const {
    return client.status() == state::failed && client.failure().code == code;
  }

  client_handshake client;
};

}  // namespace

TEST_CASE("the handshake works with every TLS version and reports the version") {
  for (const auto& version : versions) {
    CAPTURE(version);
    meeting m({.only_version = version});
    REQUIRE(m.client.status() == state::established);
    CHECK(m.server.established());
    CHECK(m.seen().version == version);
    CHECK(m.seen().cipher.starts_with("TLS_"));
    CHECK(m.seen().group == "x25519");
    CHECK(m.seen().sni == "host.example");
    CHECK(m.server.sni_received() == "host.example");
    CHECK(m.seen().chain == std::vector<std::string>{m.server.leaf()});
    CHECK(m.seen().chain_total == 1);
    CHECK(!m.seen().client_certificate_requested);
    CHECK(!m.seen().alert);
    CHECK(m.client.foreign_bytes().empty());
  }
}

TEST_CASE("both sides exchange data inside TLS until the server sends close_notify") {
  for (const auto& version : versions) {
    CAPTURE(version);
    meeting m({.only_version = version});
    std::string question(200'000, '?');
    REQUIRE(m.client.encrypt(question).has_value());
    converse(m.client, m.server);
    CHECK(m.server.take_plaintext() == question);
    std::string answer(100'000, '!');
    m.server.say(answer);
    converse(m.client, m.server);
    CHECK(m.client.take_plaintext() == answer);
    CHECK(m.client.take_plaintext().empty());
    CHECK(m.client.status() == state::established);
    m.server.say("bye");
    m.server.say_goodbye();
    converse(m.client, m.server);
    CHECK(m.client.take_plaintext() == "bye");
    CHECK(m.client.status() == state::closed);
    CHECK(m.client.encrypt("still there?").error().code == errc::not_established);
  }
}

TEST_CASE("data in the same bytes as the server's last handshake message is not lost") {
  memory_server server({.only_version = "TLSv1.2"});
  client_handshake client(this_library(), {}, {});
  server.receive(client.take_output());
  client.receive(server.take_output());
  server.receive(client.take_output());
  REQUIRE(server.established());
  server.say("220 ready");
  client.receive(server.take_output());
  CHECK(client.status() == state::established);
  CHECK(client.take_plaintext() == "220 ready");
}

TEST_CASE("the client's close_notify reaches the server") {
  meeting m({});
  CHECK(m.client.take_output().empty());
  m.client.close();
  CHECK(!m.client.take_output().empty());
  client_handshake early(this_library(), {}, {});
  auto hello = early.take_output();
  early.close();
  CHECK(early.take_output().empty());
}

TEST_CASE("the handshake accepts bytes one at a time") {
  for (const auto& version : versions) {
    CAPTURE(version);
    meeting m({.only_version = version}, {}, 1);
    CHECK(m.client.status() == state::established);
    CHECK(m.seen().chain == std::vector<std::string>{m.server.leaf()});
  }
}

TEST_CASE("the handshake reports key, cipher and group") {
  for (auto kind : {key_kind::rsa_1024, key_kind::rsa_2048, key_kind::p256, key_kind::ed25519}) {
    meeting m({.key = kind});
    CHECK(m.client.status() == state::established);
  }
  meeting rsa(
      {.only_version = "TLSv1.2", .key = key_kind::rsa_2048, .ciphers = "AES128-SHA:@SECLEVEL=0"});
  CHECK(rsa.seen().cipher == "TLS_RSA_WITH_AES_128_CBC_SHA");
  CHECK(rsa.seen().group.empty());
  meeting nothing(
      {.only_version = "TLSv1.2", .key = key_kind::rsa_2048, .ciphers = "NULL-SHA:@SECLEVEL=0"});
  CHECK(nothing.seen().cipher == "TLS_RSA_WITH_NULL_SHA");
  meeting curve({.groups = "P-384"});
  CHECK(curve.seen().group == "secp384r1");
  CHECK(curve.client.status() == state::established);
}

TEST_CASE("a server that prefers anonymous suites still presents its certificate") {
  meeting m({.only_version = "TLSv1.2", .ciphers = "aNULL:ALL:@SECLEVEL=0"});
  CHECK(m.client.status() == state::established);
  CHECK(m.seen().chain_total == 1);
}

TEST_CASE("a certificate request is reported and answered with an empty certificate") {
  for (const auto& version : versions) {
    CAPTURE(version);
    meeting m({.only_version = version, .asks_for_certificate = true});
    CHECK(m.client.status() == state::established);
    CHECK(m.seen().client_certificate_requested);
  }
}

TEST_CASE("a server that requires a certificate refuses, and the data it sent before is kept") {
  meeting old({.only_version = "TLSv1.2", .insists_on_certificate = true});
  CHECK(old.client.status() == state::failed);
  CHECK(old.client.failure().code == errc::refused);
  CHECK(old.client.failure().message() == "the peer refused with alert 40, handshake_failure");
  meeting now({.only_version = "TLSv1.3", .insists_on_certificate = true});
  CHECK(now.client.status() == state::failed);
  CHECK(now.client.failure().code == errc::refused);
  CHECK(now.seen().alert->name == "certificate_required");
  for (const auto* m : {&old, &now}) {
    CHECK(m->seen().client_certificate_requested);
    CHECK(m->seen().chain == std::vector<std::string>{m->server.leaf()});
    CHECK(!m->seen().version.empty());
    CHECK(m->seen().alert->fatal);
  }
}

TEST_CASE("a refusal is distinguished from a broken handshake") {
  meeting m({.refuses_name = "host.example"});
  CHECK(m.client.status() == state::failed);
  CHECK(m.client.failure().code == errc::refused);
  CHECK(m.seen().alert->number == 112);
  CHECK(m.seen().version.empty());
  CHECK(m.client.foreign_bytes().empty());
  monologue bare("\x15\x03\x03\0\x02\x02\x28"s, {}, 1);
  CHECK(bare.failed_with(errc::refused));
  CHECK(bare.client.observation().alert->name == "handshake_failure");
  monologue strange("\x15\x03\x01\0\x02\x02\xC8"s);
  CHECK(strange.failed_with(errc::refused));
  CHECK(strange.client.observation().alert->name == "unknown");
  CHECK(strange.client.observation().alert->number == 200);
}

TEST_CASE("a warning alert is reported and does not end the handshake") {
  memory_server server({.only_version = "TLSv1.2"});
  client_handshake client(this_library(), {.sni = "host.example"}, {});
  client.receive("\x15\x03\x03\0\x02\x01\x70"s);
  converse(client, server);
  CHECK(client.status() == state::established);
  CHECK(client.observation().alert->name == "unrecognized_name");
  CHECK(!client.observation().alert->fatal);
}

TEST_CASE("a peer that does not speak TLS is recognised by its first bytes, which are kept") {
  for (const std::string& words :
       {"HTTP/1.1 400 Bad Request\r\n\r\n"s, "SSH-2.0-OpenSSH_9.2p1\r\n"s, "220 mail ESMTP\r\n"s,
        "\x16\x16"s, "\x16\x02\x00"s, "\x16\x03\x05"s, "\x15\x03\x80"s, "\x17\x03\x03"s,
        "\xFF\xFD\x18"s, "\0"s}) {
    CAPTURE(words);
    for (std::size_t piece : {std::size_t{1}, words.size()}) {
      monologue m(words, {}, piece);
      CHECK(m.failed_with(errc::not_tls));
      CHECK(m.client.foreign_bytes() == words);
    }
  }
}

TEST_CASE("bytes that may still become a TLS record are not an error yet") {
  for (const std::string& words : {""s, "\x16"s, "\x16\x03"s, "\x15"s, "\x16\x03\x01\0"s}) {
    monologue m(words);
    CHECK(m.client.status() == state::in_progress);
    CHECK(m.client.foreign_bytes().empty());
    m.client.receive_end();
    CHECK(m.failed_with(errc::closed));
  }
}

TEST_CASE("non-TLS bytes are kept up to the limit") {
  handshake_limits limits{.foreign_bytes = 10};
  monologue at_once("HTTP/1.1 400 Bad Request", limits);
  CHECK(at_once.client.foreign_bytes() == "HTTP/1.1 4");
  monologue in_pieces("HTTP/1.1 400 Bad Request", limits, 7);
  CHECK(in_pieces.client.foreign_bytes() == "HTTP/1.1 4");
  CHECK(monologue("HTTP/1.1 400 Bad Request", {.handshake_bytes = 4}).failed_with(errc::not_tls));
}

TEST_CASE("the error for a close depends on when the peer closed") {
  client_handshake silent(this_library(), {}, {});
  silent.receive_end();
  CHECK(silent.failure().code == errc::closed);
  CHECK(silent.failure().message() == "the peer closed the connection without a response");
  memory_server server({.only_version = "TLSv1.2"});
  client_handshake midway(this_library(), {}, {});
  server.receive(midway.take_output());
  midway.receive(server.take_output());
  CHECK(midway.status() == state::in_progress);
  midway.receive_end();
  CHECK(midway.failure().code == errc::closed);
  CHECK(midway.failure().message() == "the peer closed the connection during the handshake");
  CHECK(midway.observation().chain == std::vector<std::string>{server.leaf()});
  CHECK(midway.observation().version == "TLSv1.2");
  meeting after({});
  after.client.receive_end();
  CHECK(after.client.status() == state::closed);
  monologue polite("\x15\x03\x03\0\x02\x01\0"s);
  CHECK(polite.failed_with(errc::closed));
  CHECK(!polite.client.observation().alert);
}

TEST_CASE("certificates that cannot be decoded are kept unchanged") {
  std::vector<std::string> chain = {"not DER bytes", test::from_hex("3003020101"), ""};
  for (std::size_t piece : {std::size_t{1}, std::size_t{65'536}}) {
    monologue m(test::plain_flight(chain), {}, piece);
    CHECK(m.failed_with(errc::broken));
    CHECK(m.client.observation().chain == chain);
    CHECK(m.client.observation().version == "TLSv1.2");
    CHECK(m.client.observation().cipher == "TLS_RSA_WITH_AES_128_CBC_SHA");
    CHECK(!m.client.take_output().empty());
  }
}

TEST_CASE("certificates above the limit of the chain are counted") {
  test::server_settings settings;
  settings.chain = {test::make_self_signed({})};
  for (int i = 0; i < 4; ++i)
    settings.chain.push_back(test::make_self_signed({.subject = {{"CN", std::to_string(i)}}}));
  for (const auto& version : versions) {
    settings.only_version = version;
    meeting m(settings, {.chain_certificates = 3});
    CHECK(m.client.status() == state::established);
    CHECK(m.seen().chain_total == 5);
    CHECK(m.seen().chain ==
          std::vector<std::string>(settings.chain.begin(), settings.chain.begin() + 3));
  }
}

TEST_CASE(
    "a chain that is too long to decode ends the handshake, and its first certificates are kept") {
  test::server_settings settings;
  settings.chain.assign(6, test::make_self_signed({}));
  for (const auto& version : versions) {
    CAPTURE(version);
    settings.only_version = version;
    CHECK(meeting(settings, {.chain_decoded = 6}).client.status() == state::established);
    meeting m(settings, {.chain_certificates = 3, .chain_decoded = 5});
    REQUIRE(m.client.status() == state::failed);
    CHECK(m.client.failure().code == errc::over_limit);
    CHECK(m.client.failure().message() == "the peer presents 6 certificates");
    CHECK(m.seen().chain == std::vector<std::string>(3, settings.chain[0]));
    CHECK(m.seen().chain_total == 6);
  }
  std::vector<std::string> undecodable(6, "not DER bytes");
  monologue m(test::plain_flight(undecodable), {.chain_decoded = 5});
  CHECK(m.failed_with(errc::over_limit));
}

TEST_CASE("a large chain needs a large limit") {
  test::server_settings settings{.key = key_kind::rsa_2048};
  std::string names = "DNS:a.example";
  for (int i = 0; i < 3'000; ++i)
    names += ",DNS:host-number-" + std::to_string(i) + ".example";
  auto big = test::make_self_signed(
      {.key = key_kind::rsa_2048, .extensions = {{"subjectAltName", names}}});
  settings.chain = {big, big};
  CHECK(big.size() > 65'536);
  for (const auto& version : versions) {
    CAPTURE(version);
    settings.only_version = version;
    meeting fits(settings);
    CHECK(fits.client.status() == state::established);
    CHECK(fits.seen().chain == settings.chain);
    meeting exceeds(settings, {.handshake_bytes = 100'000}, 1'000);
    CHECK(exceeds.client.status() == state::failed);
    CHECK(exceeds.seen().chain.empty());
  }
}

TEST_CASE("the size of a handshake is limited, and the data after it is not") {
  meeting within({.only_version = "TLSv1.2"}, {.handshake_bytes = 5'000});
  REQUIRE(within.client.status() == state::established);
  std::string much(20'000, 'x');
  within.server.say(much);
  converse(within.client, within.server);
  CHECK(within.client.take_plaintext() == much);
  meeting beyond({.only_version = "TLSv1.2"}, {.handshake_bytes = 300});
  CHECK(beyond.client.status() == state::failed);
  CHECK(beyond.client.failure().code == errc::over_limit);
}

TEST_CASE("invalid content of a TLS record is a broken handshake") {
  monologue m("\x16\x03\x03\0\x05hello"s);
  CHECK(m.failed_with(errc::broken));
  CHECK(m.client.failure().message().starts_with("the peer's TLS is broken: "));
  meeting late({});
  late.client.receive("\x17\x03\x03\0\x20"s + std::string(32, 'x'));
  CHECK(late.client.status() == state::failed);
  CHECK(late.client.failure().code == errc::broken);
  CHECK(late.seen().chain_total == 1);
  CHECK(late.client.encrypt("x").error().code == errc::not_established);
}

TEST_CASE("an address gets no SNI, and a name must fit into one") {
  memory_server server({});
  client_handshake nameless(this_library(), {}, {});
  converse(nameless, server);
  CHECK(nameless.status() == state::established);
  CHECK(server.sni_received().empty());
  CHECK(nameless.observation().sni.empty());
  for (const auto& name : {std::string(256, 'a'), "a\0b"s}) {
    client_handshake impossible(this_library(), {.sni = name}, {});
    CHECK(impossible.status() == state::failed);
    CHECK(impossible.take_output().empty());
    CHECK(impossible.observation().sni.empty());
  }
}

TEST_CASE("nothing can be encrypted before the handshake is complete") {
  client_handshake client(this_library(), {}, {});
  CHECK(client.encrypt("x").error().code == errc::not_established);
  CHECK(client.status() == state::in_progress);
}

TEST_CASE("each thread has a separate library object") {
  auto flight = test::plain_flight({test::make_self_signed({.key = key_kind::rsa_2048})});
  auto work = [&](std::size_t& seen) {
    library own;
    for (int i = 0; i < 20; ++i) {
      client_handshake client(own, {.sni = "host.example"}, {});
      client.receive(flight);
      seen += client.observation().chain.size();
    }
  };
  std::size_t here = 0;
  std::size_t there = 0;
  std::thread other([&] { work(there); });
  work(here);
  other.join();
  CHECK(here == 20);
  CHECK(there == 20);
}

}  // namespace sonde::tls
