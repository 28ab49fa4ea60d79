#include "scanner/modules/command_dialogue.hpp"
#include "scanner/modules/text_match.hpp"

#include <array>

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t managesieve_ports[] = {4190, 2000};

constexpr std::array<known_product, 5> managesieve_servers = {{
    {"Pigeonhole", "Dovecot"},
    {"dovecot", "Dovecot"},
    {"timsieved v", "Cyrus IMAP"},
    {"timsieved", "Cyrus IMAP"},
    {"Stalwart", "Stalwart"},
}};

/// Cyrus IMAP appends the builder's version: `3.6.1-Debian-3.6.1-4`.
std::string_view managesieve_upstream(std::string_view version) {
  for (auto dash = version.find('-'); dash != std::string_view::npos && dash + 1 < version.size();
       dash = version.find('-', dash + 1)) {
    char next = version[dash + 1];
    if (next >= 'A' && next <= 'Z') return version.substr(0, dash);
  }
  return version;
}

/// Capabilities, one a line, and `OK` (RFC 5804, section 1.7).
/// Returns the value of a capability: a quoted name and a quoted value in a line (RFC 5804, section
/// 1.7). Empty if the server does not list it.
std::string_view managesieve_capability(std::string_view said, std::string_view name) {
  auto start = "\n\"" + std::string(name) + "\" \"";
  auto at = said.find(start);
  if (at == std::string_view::npos) return {};
  auto value = line_of(said.substr(at + start.size()));
  return value.ends_with('"') ? value.substr(0, value.size() - 1) : std::string_view();
}

std::optional<recognition> recognise_managesieve(std::string_view said) {
  constexpr std::string_view start = "\"IMPLEMENTATION\" \"";
  if (!said.starts_with(start)) return std::nullopt;
  auto value = line_of(said.substr(start.size()));
  if (!value.ends_with('"')) return std::nullopt;
  value.remove_suffix(1);
  auto last = said.find("\nOK");
  auto end = last == std::string_view::npos ? last : said.find('\n', last + 1);
  auto banner = end == std::string_view::npos ? said : said.substr(0, end + 1);
  auto out = text_service("managesieve", banner);
  out.masked = mask_ids(mask_times(banner));
  out.complete = end != std::string_view::npos;
  if (find_product(value, managesieve_servers, out.service)) {
    out.service.version = std::string(managesieve_upstream(out.service.version));
  }
  out.service.facts.push_back({"implementation", std::string(value)});
  if (banner.find("\n\"STARTTLS\"") != std::string_view::npos) {
    out.service.facts.push_back({"starttls", "offered"});
  }
  auto mechanisms = managesieve_capability(banner, "SASL");
  if (!mechanisms.empty()) out.service.facts.push_back({"mechanisms", std::string(mechanisms)});
  return out;
}

constexpr dialogue_command managesieve_commands[] = {
    {"STARTTLS\r\n", dialogue_command::end::line, "OK", "", ""}};

/// A server repeats its capabilities inside TLS, without a request (RFC 5804, section 2.2).
class managesieve_repeat final : public protocol_talk {
 public:
  [[nodiscard]] std::string begin() override { return {}; }
  [[nodiscard]] talk_step receive(std::string_view response) override {
    auto known = recognise_managesieve(response);
    bool ends = known ? known->complete : response.find('\n') != std::string_view::npos;
    if (!ends) return talk_step::incomplete();
    return known ? talk_step::is(std::move(*known)) : talk_step::not_ours();
  }
};

std::unique_ptr<protocol_talk> after_managesieve(const recognition& greeting, talk_place where) {
  if (where == talk_place::inside_tls) return nullptr;
  if (greeting.raw.find("\n\"STARTTLS\"") == std::string::npos) return nullptr;
  return std::make_unique<command_dialogue>(managesieve_commands, where);
}

std::unique_ptr<protocol_talk> make_managesieve_repeat(const talk_context&) {
  return std::make_unique<managesieve_repeat>();
}

}  // namespace

constinit const protocol_module managesieve_module{.name = "managesieve",
                                                   .hinted_ports = managesieve_ports,
                                                   .recognise = recognise_managesieve,
                                                   .after_greeting = after_managesieve,
                                                   .inside_upgrade = make_managesieve_repeat};

}  // namespace sonde::scanner::modules
