#include "base/ascii.hpp"
#include "scanner/modules/command_dialogue.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace sonde::scanner::modules {
namespace {

bool is_reply(std::string_view said, std::initializer_list<std::string_view> codes) {
  if (said.size() < 4 || (said[3] != ' ' && said[3] != '-')) return false;
  return std::ranges::find(codes, said.substr(0, 3)) != codes.end();
}

constexpr std::array<known_product, 9> mail_servers = {{
    {"Postfix", "Postfix"},
    {"Exim", "Exim"},
    {"Sendmail", "Sendmail"},
    {"Microsoft ESMTP", "Microsoft Exchange"},
    {"OpenSMTPD", "OpenSMTPD"},
    {"qmail", "qmail"},
    {"MailEnable", "MailEnable"},
    {"hMailServer", "hMailServer"},
    {"Haraka", "Haraka"},
}};

constexpr std::array<known_product, 7> file_servers = {{
    {"vsFTPd", "vsftpd"},
    {"ProFTPD", "ProFTPD"},
    {"Pure-FTPd", "Pure-FTPd"},
    {"FileZilla Server", "FileZilla Server"},
    {"FileZilla", "FileZilla Server"},
    {"Microsoft FTP", "Microsoft FTP Service"},
    {"Serv-U FTP", "Serv-U"},
}};

/// LMTP servers belong to mailbox servers.
constexpr std::array<known_product, 3> lmtp_servers = {{
    {"Cyrus LMTP", "Cyrus IMAP"},
    {"Dovecot", "Dovecot"},
    {"Zimbra", "Zimbra"},
}};

constexpr std::array<known_product, 2> news_servers = {{
    {"INN", "INN"},
    {"Leafnode NNTP Daemon, version", "Leafnode"},
}};

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words,
                             [&](auto word) { return ascii::contains_ignoring_case(text, word); });
}

/// The text without its host names and addresses: `mail.example.com FTP server` is no mail server.
std::string without_names(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto end = std::min(text.find_first_of(" \t\r\n()[]"), text.size());
    auto word = text.substr(0, end);
    auto dot = word.find('.');
    if (dot == std::string_view::npos || dot + 1 == word.size()) out += word;
    out += ' ';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

enum class spoken { none, smtp, ftp };

/// SMTP and FTP greet alike. What they call themselves decides, then who made them, and last the
/// name of the host.
spoken smtp_or_ftp(std::string_view said, model::service_observation& service) {
  auto words = without_names(said);
  bool ftp = contains_any(words, {"ftp"});
  if (!contains_any(words, {"smtp"}) && find_product(said, file_servers, service)) {
    return spoken::ftp;
  }
  if (contains_any(words, {"smtp"}) || !ftp) {
    bool product = find_product(said, mail_servers, service);
    if (product || contains_any(words, {"smtp", "mail"})) return spoken::smtp;
  }
  if (ftp) return spoken::ftp;
  auto line = line_of(said);
  if (contains_any(line, {"smtp", "mail", " mx"})) return spoken::smtp;
  return contains_any(line, {"ftp"}) ? spoken::ftp : spoken::none;
}

/// The last line of a reply has a space behind its code (RFC 5321, section 4.2.1).
bool is_last_line(std::string_view said) {
  if (!said.ends_with('\n')) return false;
  auto before = said.substr(0, said.size() - 1).rfind('\n');
  auto line = said.substr(before == std::string_view::npos ? 0 : before + 1);
  bool bare = line.size() > 3 && (line[3] == '\r' || line[3] == '\n');
  return starts_with_digits(line, 3) && (bare || (line.size() > 3 && line[3] == ' '));
}

/// Pure-FTPd counts: `You are user number 3 of 50 allowed.`
std::string mask_visitors(std::string_view text) {
  return mask_behind(text, "You are user number ", ' ');
}

/// The first word of the greeting is the server's name (RFC 5321, section 4.2).
void note_mail_host(std::string_view said, model::service_observation& service) {
  constexpr std::size_t code_and_sign = 4;
  if (!said.starts_with("220")) return;
  auto text = line_of(said).substr(std::min(code_and_sign, line_of(said).size()));
  auto word = text.substr(0, text.find(' '));
  auto dot = word.find('.');
  bool name = dot != std::string_view::npos && dot > 0 && dot + 1 < word.size();
  if (name) service.facts.push_back({"hostname", std::string(word)});
}

std::optional<recognition> recognise_reply_code(std::string_view said) {
  recognition out;
  auto kind = spoken::none;
  if (is_reply(said, {"120", "220", "421", "530", "554"})) kind = smtp_or_ftp(said, out.service);
  bool lmtp = said.starts_with("220") && contains_any(without_names(line_of(said)), {"lmtp"});
  if (lmtp) {
    out.service.name = "lmtp";
    out.service.product.clear();
    out.service.version.clear();
    find_product(said, lmtp_servers, out.service);
  } else if (kind == spoken::smtp) {
    out.service.name = "smtp";
    note_mail_host(said, out.service);
  } else if (kind == spoken::ftp) {
    out.service.name = "ftp";
  } else if (is_reply(said, {"200", "201", "400", "502"}) &&
             contains_any(line_of(said), {"nntp", "nnrp", "InterNetNews"})) {
    out.service.name = "nntp";
    find_product(line_of(said), news_servers, out.service);
  } else {
    return std::nullopt;
  }
  out.raw = said;
  out.masked = mask_visitors(mask_ids(mask_times(said)));
  out.complete = is_last_line(said);
  return out;
}

using reply_end = dialogue_command::end;

/// RFC 5321, section 4.1.1.1, and RFC 3207.
constexpr dialogue_command smtp_commands[] = {
    {"EHLO sonde.invalid\r\n", reply_end::reply_code, "250", "STARTTLS", "capabilities"},
    {"STARTTLS\r\n", reply_end::reply_code, "220", "", ""}};
/// RFC 2033, section 4.1: LMTP has LHLO instead.
constexpr dialogue_command lmtp_commands[] = {
    {"LHLO sonde.invalid\r\n", reply_end::reply_code, "250", "STARTTLS", "capabilities"},
    {"STARTTLS\r\n", reply_end::reply_code, "220", "", ""}};
/// RFC 2389 and RFC 4217.
constexpr dialogue_command ftp_commands[] = {
    {"FEAT\r\n", reply_end::reply_code, "211", "AUTH", "capabilities"},
    {"AUTH TLS\r\n", reply_end::reply_code, "234", "", ""}};
/// RFC 3977, section 5.2, and RFC 4642.
constexpr dialogue_command nntp_commands[] = {
    {"CAPABILITIES\r\n", reply_end::dot, "101", "STARTTLS", "capabilities"},
    {"STARTTLS\r\n", reply_end::line, "382", "", ""}};

std::unique_ptr<protocol_talk> after_reply_code(const recognition& greeting, talk_place where) {
  // 4yz and 5yz greetings refuse; so does 554 of SMTP.
  if (!greeting.raw.starts_with('2')) return nullptr;
  const auto& name = greeting.service.name;
  if (name == "smtp") return std::make_unique<command_dialogue>(smtp_commands, where);
  if (name == "lmtp") return std::make_unique<command_dialogue>(lmtp_commands, where);
  if (name == "ftp") return std::make_unique<command_dialogue>(ftp_commands, where);
  return std::make_unique<command_dialogue>(nntp_commands, where);
}

}  // namespace

constinit const protocol_module reply_code_module{
    .name = "reply_code", .recognise = recognise_reply_code, .after_greeting = after_reply_code};

}  // namespace sonde::scanner::modules
