#include "scanner/modules/recognition.hpp"
#include "scanner/modules/words.hpp"

namespace sonde::scanner {
namespace {

/// Replaces what stands between these brackets, where it is a nonce: `<1896.69@host>` of APOP (RFC
/// 1939, section 7).
std::string mask_between(std::string_view text, char open, char close, char sign) {
  auto begin = text.find(open);
  auto end = begin == std::string_view::npos ? begin : text.find(close, begin);
  if (end == std::string_view::npos ||
      text.substr(begin, end - begin).find(sign) == std::string_view::npos) {
    return std::string(text);
  }
  return std::string(text.substr(0, begin + 1)) + "*" + std::string(text.substr(end));
}

void find_product(std::string_view line, model::service_observation& service) {
  for (std::string_view product : {"Dovecot", "Courier-IMAP", "Cyrus", "Microsoft Exchange"}) {
    if (line.find(product) != std::string_view::npos) {
      service.product = product;
      return;
    }
  }
}

}  // namespace

std::optional<recognition> recognise_mailbox(std::string_view said) {
  recognition out;
  auto line = line_of(said);
  if (said.starts_with("+OK") || said.starts_with("-ERR ")) {
    // Redis says -ERR too, of commands; a mailbox speaks of itself.
    if (said.starts_with("-ERR ") && !contains_ignoring_case(line, "pop")) return std::nullopt;
    out.service.name = "pop3";
    out.masked = mask_between(said, '<', '>', '@');
  } else if (said.starts_with("* OK") || said.starts_with("* PREAUTH") ||
             said.starts_with("* BYE")) {
    out.service.name = "imap";
    out.masked = mask_times(said);
  } else {
    return std::nullopt;
  }
  find_product(line, out.service);
  out.raw = said;
  out.complete = said.ends_with('\n');
  return out;
}

}  // namespace sonde::scanner
