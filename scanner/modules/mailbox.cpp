#include "base/ascii.hpp"
#include "scanner/modules/command_dialogue.hpp"
#include "scanner/modules/text_match.hpp"

#include <array>

namespace sonde::scanner::modules {
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

std::optional<recognition> recognise_mailbox(std::string_view said) {
  recognition out;
  auto line = line_of(said);
  // Redis says -ERR too, of commands; a mailbox speaks of itself.
  bool pop_error = begins_with_word(said, "-ERR") && ascii::contains_ignoring_case(line, "pop");
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

using mailbox_end = dialogue_command::end;

/// RFC 9051, sections 6.1.1 and 6.2.1.
constexpr dialogue_command imap_commands[] = {
    {"a CAPABILITY\r\n", mailbox_end::tagged, "a OK", "STARTTLS", "capabilities"},
    {"a STARTTLS\r\n", mailbox_end::tagged, "a OK", "", ""}};
/// RFC 2449, section 5, and RFC 2595, section 4.
constexpr dialogue_command pop3_commands[] = {
    {"CAPA\r\n", mailbox_end::dot, "+OK", "STLS", "capabilities"},
    {"STLS\r\n", mailbox_end::line, "+OK", "", ""}};

std::unique_ptr<protocol_talk> after_mailbox(const recognition& greeting, talk_place where) {
  if (greeting.raw.starts_with("* OK")) {
    return std::make_unique<command_dialogue>(imap_commands, where);
  }
  if (greeting.raw.starts_with("+OK")) {
    return std::make_unique<command_dialogue>(pop3_commands, where);
  }
  return nullptr;
}

}  // namespace

constinit const protocol_module mailbox_module{
    .name = "mailbox", .recognise = recognise_mailbox, .after_greeting = after_mailbox};

}  // namespace sonde::scanner::modules
