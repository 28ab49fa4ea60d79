#include "scanner/modules/ssh_host_key.hpp"

#include "base/hash.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/ssh_packet.hpp"

#include <utility>
#include <vector>

namespace sonde::scanner {
namespace {

constexpr std::string_view ssh_key_exchanges =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
    "diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1";
constexpr std::string_view ssh_host_keys =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,"
    "rsa-sha2-256,ssh-rsa,ssh-dss";
constexpr std::string_view ssh_ciphers =
    "aes128-ctr,aes192-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,"
    "aes256-gcm@openssh.com,aes128-cbc,aes256-cbc,3des-cbc";
constexpr std::string_view ssh_macs =
    "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
    "hmac-sha1,hmac-sha1-etm@openssh.com,hmac-md5";
constexpr std::string_view ssh_compressions = "none,zlib@openssh.com,zlib";

/// The base point of P-256, uncompressed (SEC 2, section 2.4.2).
constexpr std::string_view p256_base_point =
    "\x04"
    "\x6B\x17\xD1\xF2\xE1\x2C\x42\x47\xF8\xBC\xE6\xE5\x63\xA4\x40\xF2"
    "\x77\x03\x7D\x81\x2D\xEB\x33\xA0\xF4\xA1\x39\x45\xD8\x98\xC2\x96"
    "\x4F\xE3\x42\xE2\xFE\x1A\x7F\x9B\x8E\xE7\xEB\x4A\x7C\x0F\x9E\x16"
    "\x2B\xCE\x33\x57\x6B\x31\x5E\xCE\xCB\xB6\x40\x68\x37\xBF\x51\xF5";
constexpr std::size_t x25519_bytes = 32;
constexpr std::size_t group14_bytes = 256;
constexpr std::size_t group1_bytes = 128;
/// The limit of a fact, as `tidy_up` has it; a list of algorithms ends with a whole name.
constexpr std::size_t longest_ssh_list = 200;

byte_writer& add_ssh_string(byte_writer& to, std::string_view text) {
  return to.be32(static_cast<std::uint32_t>(text.size())).text(text);
}

std::string ssh_client_kexinit() {
  byte_writer out;
  out.u8(ssh_kexinit).text("sonde.kexinit.16");
  for (auto list : {ssh_key_exchanges, ssh_host_keys, ssh_ciphers, ssh_ciphers, ssh_macs, ssh_macs,
                    ssh_compressions, ssh_compressions, std::string_view(), std::string_view()}) {
    add_ssh_string(out, list);
  }
  return ssh_packet(out.u8(0).be32(0).take());
}

/// The public value of the client: a point of the curve, or a number below the group's prime, whose
/// first bytes are FF.
std::string ssh_public_value(std::string_view key_exchange) {
  if (key_exchange.starts_with("curve25519")) {
    return byte_writer().u8(9).zeros(x25519_bytes - 1).take();
  }
  if (key_exchange.starts_with("ecdh")) return std::string(p256_base_point);
  bool large = key_exchange.find("group14") != std::string_view::npos;
  return std::string(large ? group14_bytes : group1_bytes, '\x5A');
}

std::string shortened_list(std::string_view list) {
  if (list.size() <= longest_ssh_list) return std::string(list);
  auto end = list.substr(0, longest_ssh_list + 1).rfind(',');
  return std::string(list.substr(0, end == std::string_view::npos ? longest_ssh_list : end));
}

/// The fingerprint of the server's algorithms that the HASSH project defines.
std::string hassh_server(const ssh_algorithms& seen) {
  std::string text(seen.key_exchange);
  for (auto list : {seen.server_cipher, seen.server_mac, seen.server_compression})
    text += ";" + std::string(list);
  return md5_hex(text);
}

/// SHA-256 of the key in the form that OpenSSH shows: base64 without padding.
std::string ssh_fingerprint(std::string_view key) {
  auto digest = sha256(key);
  auto text = to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  while (text.ends_with('='))
    text.pop_back();
  return "SHA256:" + text;
}

}  // namespace

std::string ssh_host_key_talk::begin() {
  auto out = "SSH-2.0-Sonde\r\n" + ssh_client_kexinit();
  // A server that has sent its KEXINIT already waits for the request and sends nothing before it.
  auto step = take(received_);
  if (step.what == talk_step::kind::send) out += step.request;
  if (has_algorithms_) received_.clear();
  return out;
}

talk_step ssh_host_key_talk::receive(std::string_view response) {
  auto step = take(received_ + std::string(response));
  if (step.what == talk_step::kind::send) received_.clear();
  return step;
}

talk_step ssh_host_key_talk::take(std::string_view packets) {
  ssh_packet_reader reader(packets);
  for (;;) {
    std::string_view payload;
    auto state = reader.next(payload);
    if (state == ssh_packet_reader::state::incomplete) return talk_step::incomplete();
    if (state == ssh_packet_reader::state::foreign) return talk_step::is(known_);
    auto message = static_cast<std::uint8_t>(payload.front());
    if (!has_algorithms_ && message == ssh_kexinit) {
      auto request = note_algorithms(payload);
      requested_ = !request.empty();
      return requested_ ? talk_step::send(std::move(request)) : talk_step::is(known_);
    }
    if (requested_ && message == ssh_kex_reply) {
      note_key(parse_ssh_host_key(payload));
      return talk_step::is(known_);
    }
    // Other messages are allowed between them (RFC 4253, section 11).
  }
}

std::string ssh_host_key_talk::note_algorithms(std::string_view kexinit) {
  has_algorithms_ = true;
  auto seen = parse_ssh_kexinit(kexinit);
  if (!seen) return {};
  auto& facts = known_.service.facts;
  facts.push_back({"key-exchange", shortened_list(seen->key_exchange)});
  facts.push_back({"host-key-algorithms", shortened_list(seen->host_key)});
  facts.push_back({"ciphers", shortened_list(seen->server_cipher)});
  facts.push_back({"macs", shortened_list(seen->server_mac)});
  facts.push_back({"hassh-server", hassh_server(*seen)});
  std::erase_if(facts, [](const model::service_fact& fact) { return fact.value.empty(); });
  auto chosen = chosen_ssh_algorithm(ssh_key_exchanges, seen->key_exchange);
  bool has_key = !chosen_ssh_algorithm(ssh_host_keys, seen->host_key).empty();
  if (chosen.empty() || !has_key) return {};
  byte_writer request;
  request.u8(ssh_kex_request);
  add_ssh_string(request, ssh_public_value(chosen));
  return ssh_packet(request.take());
}

void ssh_host_key_talk::note_key(std::string_view key) {
  if (key.empty()) return;
  byte_reader read(key);
  auto type = read.take(read.be32());
  known_.service.facts.push_back({"host-key-type", std::string(type)});
  known_.service.facts.push_back({"host-key-fingerprint", ssh_fingerprint(key)});
}

}  // namespace sonde::scanner
