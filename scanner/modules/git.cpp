#include "scanner/modules/module.hpp"

#include <algorithm>
#include <charconv>

namespace sonde::scanner::modules {
namespace {

// pkt-lines (gitprotocol-common): four hexadecimal digits count themselves and what follows.
constexpr std::uint16_t git_ports[] = {9418};
constexpr std::size_t git_head = 4;
constexpr std::size_t git_longest_line = 65520;

std::string git_hex(std::uint32_t value, std::size_t digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out(digits, '0');
  for (auto at = digits; at > 0; --at) {
    out[at - 1] = hex[value & 0xFU];
    value >>= 4U;
  }
  return out;
}

/// The path of a repository that no server has.
std::string git_path(const talk_context& context) {
  return "/" + git_hex(context.nonce, 8);
}

/// gitprotocol-pack, "Git Transport".
std::string git_request(const talk_context& context) {
  bool bracketed = context.host.find(':') != std::string::npos;
  auto host = bracketed ? "[" + context.host + "]" : context.host;
  auto body = "git-upload-pack " + git_path(context) + '\0' + "host=" + host + '\0';
  return git_hex(static_cast<std::uint32_t>(git_head + body.size()), git_head) + body;
}

/// A server that does have the repository advertises `<object> <name>\0<capabilities>`.
talk_step read_git_refs(std::string_view line) {
  constexpr std::size_t object = 40;
  constexpr std::string_view agent_is = " agent=git/";
  auto id = line.substr(0, object);
  bool hex =
      id.size() == object && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  auto names_end = line.find('\0');
  if (!hex || line[std::min(object, line.size() - 1)] != ' ') return talk_step::not_ours();
  if (names_end == std::string_view::npos) return talk_step::not_ours();
  auto known = proven_service("git");
  auto agent = line.find(agent_is, names_end);
  if (agent != std::string_view::npos) {
    auto version = line.substr(agent + agent_is.size());
    known.service.product = "Git";
    known.service.version = version.substr(0, version.find_first_of(" -\n"));
  }
  return talk_step::is(std::move(known));
}

talk_step read_git(std::string_view response, const talk_context& context) {
  auto head = response.substr(0, git_head);
  if (head.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return talk_step::not_ours();
  }
  if (response.size() < git_head) return talk_step::incomplete();
  std::size_t size = 0;
  std::from_chars(head.data(), head.data() + head.size(), size, 16);
  if (size <= git_head + 4 || size > git_longest_line) return talk_step::not_ours();
  auto line = response.substr(git_head, size - git_head);
  constexpr std::string_view error = "ERR ";
  bool failed = line.starts_with(error.substr(0, line.size()));
  if (!failed && line.substr(0, 40).find_first_not_of("0123456789abcdef") != line.npos) {
    return talk_step::not_ours();
  }
  if (response.size() < size) return talk_step::incomplete();
  if (!failed) return read_git_refs(line);
  auto sentence = line.substr(error.size());
  auto path = git_path(context);
  auto known = text_service("git", sentence);
  auto at = sentence.find(path);
  if (at != std::string_view::npos) {
    known.service.sure = model::confidence::proven;
    known.masked = std::string(sentence.substr(0, at)) + "*";
    known.masked += sentence.substr(at + path.size());
  }
  known.complete = true;
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_git(const talk_context& context) {
  return std::make_unique<one_exchange>(git_request(context), read_git, context);
}

}  // namespace

constinit const protocol_module git_module{
    .name = "git", .hinted_ports = git_ports, .talk = talk_git};

}  // namespace sonde::scanner::modules
