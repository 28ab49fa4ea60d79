#include "scanner/modules/ssh_host_key.hpp"

#include "base/hash.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/ssh_packet.hpp"
#include "tests/support/doctest.hpp"

#include <string>
#include <vector>

namespace sonde::scanner {
namespace {

/// An Ed25519 key and its fingerprint, both as `ssh-keygen` shows them.
constexpr const char* sample_key =
    "AAAAC3NzaC1lZDI1NTE5AAAAIEq+rU4iwHfk/X1anGrZk/cKf478EbMVgXrPLHtw84vD";
constexpr const char* sample_fingerprint = "SHA256:H+sHbsEP8l+UBZxKKDqvk98XttkESyJ3mXBRKd9vEb4";

void put(byte_writer& out, std::string_view text) {
  out.be32(static_cast<std::uint32_t>(text.size())).text(text);
}

std::string server_kexinit(std::string_view exchanges, std::string_view keys = "ssh-ed25519") {
  byte_writer out;
  out.u8(ssh_kexinit).text("0123456789abcdef");
  for (std::string_view list :
       {exchanges, keys, std::string_view("aes128-ctr"), std::string_view("aes256-ctr"),
        std::string_view("hmac-sha1"), std::string_view("hmac-sha2-256"), std::string_view("none"),
        std::string_view("zlib"), std::string_view(), std::string_view()}) {
    put(out, list);
  }
  return ssh_packet(out.u8(0).be32(0).take());
}

std::string server_reply() {
  byte_writer out;
  out.u8(ssh_kex_reply);
  put(out, from_base64(sample_key).value());
  put(out, std::string(32, 'Q'));
  put(out, "signature");
  return ssh_packet(out.take());
}

std::string fact_of(const talk_step& step, std::string_view name) {
  for (const auto& fact : step.known.service.facts) {
    if (fact.name == name) return fact.value;
  }
  return {};
}

/// The payloads of the packets that follow the identification.
std::vector<std::string> packets_of(std::string_view sent) {
  auto line = sent.find('\n');
  ssh_packet_reader reader(line == std::string_view::npos ? sent : sent.substr(line + 1));
  std::vector<std::string> out;
  std::string_view payload;
  while (reader.next(payload) == ssh_packet_reader::state::packet)
    out.emplace_back(payload);
  return out;
}

}  // namespace

TEST_CASE("the host key of a server that waits for the client is requested in two steps") {
  ssh_host_key_talk talk({});
  auto begin = talk.begin();
  CHECK(begin.starts_with("SSH-2.0-Sonde\r\n"));
  auto sent = packets_of(begin);
  REQUIRE(sent.size() == 1);
  auto mine = parse_ssh_kexinit(sent[0]);
  REQUIRE(mine);
  CHECK(mine->host_key.starts_with("ssh-ed25519,"));
  auto kexinit = server_kexinit("x,curve25519-sha256");
  for (std::size_t size = 0; size < kexinit.size(); ++size)
    CHECK(talk.receive(kexinit.substr(0, size)).what == talk_step::kind::more);
  auto step = talk.receive(kexinit);
  REQUIRE(step.what == talk_step::kind::send);
  auto request = packets_of(step.request);
  REQUIRE(request.size() == 1);
  CHECK(request[0] == std::string("\x1E\0\0\0\x20\x09", 6) + std::string(31, '\0'));
  step = talk.receive(server_reply());
  REQUIRE(step.what == talk_step::kind::known);
  CHECK(fact_of(step, "host-key-fingerprint") == sample_fingerprint);
  CHECK(fact_of(step, "host-key-type") == "ssh-ed25519");
  CHECK(fact_of(step, "key-exchange") == "x,curve25519-sha256");
  CHECK(fact_of(step, "ciphers") == "aes256-ctr");
  CHECK(fact_of(step, "hassh-server") ==
        md5_hex("x,curve25519-sha256;aes256-ctr;hmac-sha2-256;zlib"));
  CHECK(step.known.service.name.empty());
}

TEST_CASE("a server that sent its KEXINIT with the identification gets everything at once") {
  ssh_host_key_talk talk(server_kexinit("ecdh-sha2-nistp256"));
  auto sent = packets_of(talk.begin());
  REQUIRE(sent.size() == 2);
  CHECK(sent[1].size() == 1 + 4 + 65);
  CHECK(sent[1][5] == '\x04');
  auto step = talk.receive(server_reply());
  REQUIRE(step.what == talk_step::kind::known);
  CHECK(fact_of(step, "host-key-fingerprint") == sample_fingerprint);
  CHECK(step.known.service.facts.size() == 7);
}

TEST_CASE("the beginning of a KEXINIT that came with the identification is not lost") {
  auto kexinit = server_kexinit("diffie-hellman-group14-sha1");
  auto known = recognise("SSH-2.0-dropbear_2022.83\r\n" + kexinit.substr(0, 50));
  REQUIRE(known.by != nullptr);
  auto talk = known.by->after_greeting(known, talk_place::plain);
  REQUIRE(talk != nullptr);
  CHECK(packets_of(talk->begin()).size() == 1);
  auto step = talk->receive(kexinit.substr(50));
  REQUIRE(step.what == talk_step::kind::send);
  CHECK(packets_of(step.request)[0].size() == 1 + 4 + 256);
}

TEST_CASE("without a common algorithm the algorithms are still facts") {
  for (const auto& kexinit :
       {server_kexinit("sntrup761x25519-sha512"), server_kexinit("curve25519-sha256", "unknown")}) {
    ssh_host_key_talk talk({});
    (void)talk.begin();
    auto step = talk.receive(kexinit);
    REQUIRE(step.what == talk_step::kind::known);
    CHECK(!fact_of(step, "key-exchange").empty());
    CHECK(fact_of(step, "host-key-fingerprint").empty());
  }
}

TEST_CASE("a server that breaks off or sends something else leaves what it stated") {
  ssh_host_key_talk talk({});
  (void)talk.begin();
  CHECK(talk.receive("Too many connections\r\n").what == talk_step::kind::known);
  CHECK(talk.ended({}).known.service.facts.empty());
  (void)talk.receive(server_kexinit("curve25519-sha256"));
  CHECK(!talk.ended({}).known.service.facts.empty());
  byte_writer other;
  other.u8(ssh_kex_reply).be32(0xFFFFFFFF);
  auto step = talk.receive(ssh_packet(other.take()));
  REQUIRE(step.what == talk_step::kind::known);
  CHECK(fact_of(step, "host-key-fingerprint").empty());
}

TEST_CASE("a long list of algorithms ends with a whole name") {
  std::string list = "curve25519-sha256";
  for (int i = 0; i < 40; ++i)
    list += ",algorithm-" + std::to_string(100 + i);
  ssh_host_key_talk talk({});
  (void)talk.begin();
  (void)talk.receive(server_kexinit(list));
  auto shown = fact_of(talk.ended({}), "key-exchange");
  CHECK(shown.size() <= 200);
  CHECK(list.starts_with(shown + ","));
}

TEST_CASE("a packet with impossible lengths is not a packet") {
  using state = ssh_packet_reader::state;
  std::string_view payload;
  CHECK(ssh_packet_reader("").next(payload) == state::incomplete);
  CHECK(ssh_packet_reader(std::string_view("\0\0\0\x08", 4)).next(payload) == state::incomplete);
  CHECK(ssh_packet_reader("key exchange").next(payload) == state::foreign);
  CHECK(ssh_packet_reader(std::string_view("\0\0\0\x05\x04", 5)).next(payload) == state::foreign);
  auto framed = ssh_packet("x");
  CHECK(framed.size() % 8 == 0);
  CHECK(ssh_packet_reader(framed).next(payload) == state::packet);
  CHECK(payload == "x");
}

}  // namespace sonde::scanner
