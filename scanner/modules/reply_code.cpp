#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace sonde::scanner {
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

constexpr std::array<known_product, 2> news_servers = {{
    {"INN", "INN"},
    {"Leafnode NNTP Daemon, version", "Leafnode"},
}};

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](auto word) { return contains_ignoring_case(text, word); });
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

}  // namespace

std::optional<recognition> recognise_reply_code(std::string_view said) {
  recognition out;
  auto kind = spoken::none;
  if (is_reply(said, {"120", "220", "421", "530", "554"})) kind = smtp_or_ftp(said, out.service);
  if (kind == spoken::smtp) {
    out.service.name = "smtp";
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

}  // namespace sonde::scanner
