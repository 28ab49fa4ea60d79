#include "scanner/modules/ber.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

// RFC 4120, sections 5.9.1 (KRB-ERROR) and 7.2.2 (over TCP); DER by X.690.
constexpr std::uint16_t kerberos_ports[] = {88, 464};
/// A length with its reserved bit set. The server answers with an error. No user is named.
constexpr std::string_view kerberos_request{"\x80\0\0\0", 4};
constexpr std::uint32_t kerberos_least = 30;
constexpr std::uint32_t kerberos_most = 4096;
constexpr std::uint8_t kerberos_error_tag = 0x7E;  // application 30
constexpr std::uint8_t kerberos_sequence = 0x30;
constexpr std::uint8_t kerberos_number = 0x02;
constexpr std::uint8_t kerberos_time = 0x18;
constexpr std::uint8_t kerberos_text = 0x1B;

/// The contents of a field: an element inside the element of the field's tag.
std::string_view kerberos_field(byte_reader& read, std::uint8_t tag, std::uint8_t type) {
  byte_reader field(read_ber_element(read, tag));
  auto contents = read_ber_element(field, type);
  if (!field.ok() || field.left() > 0) read.take(read.left() + 1);
  return contents;
}

void skip_kerberos_field(byte_reader& read, std::uint8_t tag) {
  if (ber_element_follows(read, tag)) read_ber_element(read, tag);
}

/// `20261129154716Z` as RFC 3339 writes it; empty: it is no time.
std::string kerberos_timestamp(std::string_view text) {
  if (text.size() != 15 || !starts_with_digits(text, 14) || text[14] != 'Z') return {};
  std::string out(text.substr(0, 4));
  for (std::size_t at = 4; at < 14; at += 2) {
    constexpr std::string_view before = "--T::";
    out += before[(at - 4) / 2];
    out += text.substr(at, 2);
  }
  return out + "Z";
}

/// Reads a length and a KRB-ERROR. Every field is checked, in the order of the sequence.
talk_step read_kerberos_error(std::string_view response) {
  byte_reader read(response);
  auto size = read.be32();
  if (read.ok() && (size < kerberos_least || size > kerberos_most)) return talk_step::not_ours();
  auto tag = read.u8();
  if (read.ok() && tag != kerberos_error_tag) return talk_step::not_ours();
  if (!read.ok() || response.size() < 4U + size) return talk_step::incomplete();
  byte_reader message(response.substr(4, size));
  byte_reader error(read_ber_element(message, kerberos_error_tag));
  byte_reader fields(read_ber_element(error, kerberos_sequence));
  auto version = kerberos_field(fields, 0xA0, kerberos_number);
  auto type = kerberos_field(fields, 0xA1, kerberos_number);
  skip_kerberos_field(fields, 0xA2);  // time of the client
  skip_kerberos_field(fields, 0xA3);
  auto stamp = kerberos_timestamp(kerberos_field(fields, 0xA4, kerberos_time));
  kerberos_field(fields, 0xA5, kerberos_number);  // microseconds
  kerberos_field(fields, 0xA6, kerberos_number);  // error code
  skip_kerberos_field(fields, 0xA7);              // realm and name of the client
  skip_kerberos_field(fields, 0xA8);
  auto realm = kerberos_field(fields, 0xA9, kerberos_text);
  read_ber_element(fields, 0xAA);  // name of the server
  bool whole = message.ok() && message.left() == 0 && error.ok() && fields.ok();
  if (!whole || version != "\x05" || type != "\x1E" || stamp.empty()) return talk_step::not_ours();
  auto known = proven_service("kerberos");
  if (!realm.empty()) known.service.facts.push_back({"realm", std::string(realm)});
  return talk_step::is(std::move(known));
}

talk_step read_kerberos(std::string_view response, const talk_context&) {
  return read_kerberos_error(response);
}

/// The same error is the answer to `GET /` and the like, whose first bytes are too large a length.
std::optional<recognition> recognise_kerberos(std::string_view said) {
  auto step = read_kerberos_error(said);
  if (step.what != talk_step::kind::known) return std::nullopt;
  return std::move(step.known);
}

std::unique_ptr<protocol_talk> talk_kerberos(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(kerberos_request), read_kerberos, context);
}

}  // namespace

constinit const protocol_module kerberos_module{.name = "kerberos",
                                                .hinted_ports = kerberos_ports,
                                                .recognise = recognise_kerberos,
                                                .talk = talk_kerberos};

}  // namespace sonde::scanner::modules
