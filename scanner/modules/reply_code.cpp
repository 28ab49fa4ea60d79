#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

namespace sonde::scanner {
namespace {

bool is_reply(std::string_view said, std::string_view codes) {
  if (!starts_with_digits(said, 3) || said.size() < 4) return false;
  if (said[3] != ' ' && said[3] != '-') return false;
  for (std::size_t at = 0; at + 3 <= codes.size(); at += 4) {
    if (said.substr(0, 3) == codes.substr(at, 3)) return true;
  }
  return false;
}

/// The first of these words that the greeting holds.
struct known_product {
  std::string_view word;
  std::string_view product;
};

constexpr known_product mail_servers[] = {
    {"Postfix", "Postfix"},       {"Exim", "Exim"},
    {"Sendmail", "Sendmail"},     {"Microsoft ESMTP", "Microsoft Exchange"},
    {"OpenSMTPD", "OpenSMTPD"},   {"qmail", "qmail"},
    {"MailEnable", "MailEnable"}, {"hMailServer", "hMailServer"},
};

constexpr known_product file_servers[] = {
    {"vsFTPd", "vsftpd"},
    {"ProFTPD", "ProFTPD"},
    {"Pure-FTPd", "Pure-FTPd"},
    {"FileZilla", "FileZilla Server"},
    {"Microsoft FTP", "Microsoft FTP Service"},
};

template <std::size_t Count>
void find_product(std::string_view line, const known_product (&table)[Count],
                  model::service_observation& service) {
  for (const auto& known : table) {
    auto at = line.find(known.word);
    if (at == std::string_view::npos) continue;
    service.product = known.product;
    auto behind = line.substr(at + known.word.size());
    auto digit = behind.find_first_of("0123456789");
    // The version follows at once, if at all: "Exim 4.96", "Sendmail 8.15.2/8.15.2".
    if (digit != std::string_view::npos && digit <= 1) {
      auto version = behind.substr(digit);
      service.version = version.substr(0, version.find_first_of(" /;,()"));
    }
    return;
  }
}

/// The last line of a reply has a space behind its code (RFC 5321, section 4.2.1).
bool is_last_line(std::string_view said) {
  if (!said.ends_with('\n')) return false;
  auto before = said.substr(0, said.size() - 1).rfind('\n');
  auto line = said.substr(before == std::string_view::npos ? 0 : before + 1);
  return starts_with_digits(line, 3) && line.size() > 3 && line[3] == ' ';
}

}  // namespace

std::optional<recognition> recognise_reply_code(std::string_view said) {
  auto line = line_of(said);
  recognition out;
  if (is_reply(said, "220 421 554") &&
      (contains_ignoring_case(line, "smtp") || contains_ignoring_case(line, "postfix") ||
       contains_ignoring_case(line, "mail"))) {
    out.service.name = "smtp";
    find_product(line, mail_servers, out.service);
  } else if (is_reply(said, "220 421 530") && contains_ignoring_case(line, "ftp")) {
    out.service.name = "ftp";
    find_product(line, file_servers, out.service);
  } else if (is_reply(said, "200 201 400 502") && contains_ignoring_case(line, "nntp")) {
    out.service.name = "nntp";
  } else {
    return std::nullopt;
  }
  out.raw = said;
  out.masked = mask_times(said);
  out.complete = is_last_line(said);
  return out;
}

}  // namespace sonde::scanner
