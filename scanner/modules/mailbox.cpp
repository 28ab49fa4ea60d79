#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

#include <array>

namespace sonde::scanner {
namespace {

constexpr std::array<known_product, 7> mailbox_servers = {{
    {"Dovecot", "Dovecot"},
    {"Courier-IMAP", "Courier-IMAP"},
    {"Cyrus IMAP", "Cyrus IMAP"},
    {"Cyrus POP3", "Cyrus IMAP"},
    {"Cyrus", "Cyrus IMAP"},
    {"Microsoft Exchange", "Microsoft Exchange"},
    {"Zimbra", "Zimbra"},
}};

/// `+OK` and the like, and then nothing, or something else than a letter.
bool begins_with_word(std::string_view said, std::string_view word) {
  if (!said.starts_with(word)) return false;
  auto behind = said.substr(word.size());
  return behind.empty() || behind[0] == ' ' || behind[0] == '\r' || behind[0] == '\n';
}

/// Replaces the nonce of APOP, `<1896.69@host>` (RFC 1939, section 7).
std::string mask_apop(std::string_view text) {
  auto begin = text.find('<');
  auto end = begin == std::string_view::npos ? begin : text.find('>', begin);
  bool nonce = end != std::string_view::npos &&
               text.substr(begin, end - begin).find('@') != std::string_view::npos;
  return nonce ? mask_behind(text, "<", '>') : std::string(text);
}

}  // namespace

std::optional<recognition> recognise_mailbox(std::string_view said) {
  recognition out;
  auto line = line_of(said);
  // Redis says -ERR too, of commands; a mailbox speaks of itself.
  bool pop_error = begins_with_word(said, "-ERR") && contains_ignoring_case(line, "pop");
  if (begins_with_word(said, "+OK") || pop_error) {
    out.service.name = "pop3";
  } else if (begins_with_word(said, "* OK") || begins_with_word(said, "* PREAUTH") ||
             begins_with_word(said, "* BYE")) {
    out.service.name = "imap";
  } else {
    return std::nullopt;
  }
  find_product(line, mailbox_servers, out.service);
  out.raw = said;
  out.masked = mask_ids(mask_times(mask_apop(said)));
  out.complete = said.ends_with('\n');
  return out;
}

}  // namespace sonde::scanner
