#include "scanner/modules/module.hpp"
#include "scanner/modules/ssh_host_key.hpp"
#include "scanner/modules/ssh_packet.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

std::optional<recognition> recognise_ssh(std::string_view said) {
  // A server may send other lines before its identification.
  std::size_t begin = 0;
  if (!said.starts_with("SSH-")) {
    begin = said.find("\nSSH-");
    if (begin == std::string_view::npos) return std::nullopt;
    ++begin;
  }
  auto identification = line_of(said.substr(begin));
  auto software_at = identification.find('-', 4);
  if (software_at == std::string_view::npos) return std::nullopt;
  recognition out;
  out.service.name = "ssh";
  auto software = identification.substr(software_at + 1);
  auto word = software.substr(0, software.find(' '));
  auto known = split_version(word, '_');
  if (known.version.empty()) known = split_version(word, '-');
  out.service.product = known.product;
  out.service.version = known.version;
  // What follows is the key exchange, with a random cookie. Some servers send it at once.
  auto end = said.find('\n', begin);
  out.complete = end != std::string_view::npos;
  if (out.complete) out.beyond = said.substr(end + 1);
  out.raw = identification;
  out.masked = identification;
  return out;
}

/// SSH 1 has another key exchange. `1.99` stands for both versions (RFC 4253, section 5.1).
std::unique_ptr<protocol_talk> after_ssh(const recognition& greeting, talk_place where) {
  bool speaks = greeting.raw.starts_with("SSH-2.0-") || greeting.raw.starts_with("SSH-1.99-");
  std::string_view packet;
  bool foreign =
      ssh_packet_reader(greeting.beyond).next(packet) == ssh_packet_reader::state::foreign;
  if (!speaks || foreign || where != talk_place::plain) return nullptr;
  return std::make_unique<ssh_host_key_talk>(greeting.beyond);
}

}  // namespace

constinit const protocol_module ssh_module{
    .name = "ssh", .recognise = recognise_ssh, .after_greeting = after_ssh};

}  // namespace sonde::scanner::modules
