#include "base/ascii.hpp"
#include "scanner/modules/ber.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <array>

namespace sonde::scanner::modules {
namespace {

// RFC 4511, section 4; RFC 4512, section 5.1 (root DSE); RFC 3045 (vendor); X.690 (lengths).
constexpr std::uint16_t ldap_ports[] = {389, 636, 3268, 3269, 1389, 1636, 3890, 6360, 10389, 10636};
constexpr std::size_t ldap_most = 64 * 1024;
constexpr std::uint8_t ldap_message_tag = 0x30;
constexpr std::uint8_t ldap_search_tag = 0x63;
constexpr std::uint8_t ldap_entry_tag = 0x64;
constexpr std::uint8_t ldap_done_tag = 0x65;
constexpr std::uint8_t ldap_present_tag = 0x87;
// RFC 4511, sections 4.12 (extended operation) and 4.14 (StartTLS).
constexpr std::uint8_t ldap_extended_tag = 0x77;
constexpr std::uint8_t ldap_extended_response_tag = 0x78;
constexpr std::uint8_t ldap_request_name_tag = 0x80;
constexpr std::uint8_t ldap_integer_tag = 0x02;
constexpr std::uint8_t ldap_enumerated_tag = 0x0A;
constexpr std::string_view ldap_start_tls = "1.3.6.1.4.1.1466.20037";
/// Base object, aliases not followed, no limit of entries and of time, values too.
constexpr std::string_view ldap_scope{"\x0A\x01\0\x0A\x01\0\x02\x01\0\x02\x01\0\x01\x01\0", 15};

/// An attribute of the root DSE, and the fact that it becomes.
struct ldap_attribute {
  std::string_view name;
  std::string_view fact;
};
constexpr std::array<ldap_attribute, 6> ldap_attributes = {{
    {"vendorName", "vendor-name"},
    {"vendorVersion", "vendor-version"},
    {"dnsHostName", "hostname"},
    {"defaultNamingContext", "default-naming-context"},
    {"namingContexts", "naming-context"},
    {"supportedLDAPVersion", "protocol-version"},
}};

/// The beginning of a vendor's version, and the product. The number follows.
struct ldap_product {
  std::string_view start;
  std::string_view name;
};
constexpr std::array<ldap_product, 3> ldap_products = {{
    {"389-Directory/", "389 Directory Server"},
    {"OpenDJ Server ", "OpenDJ"},
    {"lldap_", "LLDAP"},
}};

/// A message id of four bytes in the shortest encoding.
std::uint32_t ldap_id(const talk_context& context) {
  return (context.nonce & 0x3FFFFFFFU) | 0x40000000U;
}

std::string ldap_message(std::uint32_t id, const std::string& operation) {
  auto number = byte_writer().be16(0x0204).be32(id).take();
  return ber_element(ldap_message_tag, number + operation);
}

std::string ldap_request(std::uint32_t id) {
  auto names = ber_element(0x04, "objectClass");
  for (const auto& each : ldap_attributes)
    names += ber_element(0x04, each.name);
  auto search = ber_element(0x04, "") + std::string(ldap_scope) +
                ber_element(ldap_present_tag, "objectClass") + ber_element(0x30, names);
  return ldap_message(id, ber_element(ldap_search_tag, search));
}

void note_ldap_value(std::string_view name, std::string_view value,
                     model::service_observation& service) {
  bool is_class = ascii::equal_ignoring_case(name, "objectClass");
  if (is_class && value == "OpenLDAProotDSE") service.product = "OpenLDAP";
  for (const auto& each : ldap_attributes) {
    if (!ascii::equal_ignoring_case(name, each.name)) continue;
    service.facts.push_back({std::string(each.fact), std::string(value)});
    if (each.name == "vendorName") {
      if (value.starts_with("Samba Team")) service.product = "Samba";
      if (value == "Apache Software Foundation") service.product = "ApacheDS";
    }
  }
}

void name_ldap_product(model::service_observation& service) {
  std::string_view version;
  for (const auto& fact : service.facts) {
    if (fact.name == "vendor-version") version = fact.value;
  }
  for (const auto& each : ldap_products) {
    if (!version.starts_with(each.start)) continue;
    service.product = each.name;
    version.remove_prefix(each.start.size());
    break;
  }
  if (service.product.empty() || !starts_with_digits(version, 1)) return;
  service.version = version.substr(0, version.find_first_of(" -"));
}

void read_ldap_entry(std::string_view entry, model::service_observation& service) {
  byte_reader read(entry);
  read_ber_element(read);  // the entry's name, empty
  byte_reader attributes(read_ber_element(read));
  while (attributes.ok() && attributes.left() > 0) {
    byte_reader attribute(read_ber_element(attributes));
    auto name = read_ber_element(attribute);
    byte_reader values(read_ber_element(attribute));
    while (values.ok() && values.left() > 0)
      note_ldap_value(name, read_ber_element(values), service);
  }
  name_ldap_product(service);
}

talk_step read_ldap(std::string_view response, const talk_context& context) {
  byte_reader read(response);
  auto tag = read.u8();
  if (read.ok() && tag != ldap_message_tag) return talk_step::not_ours();
  auto size = read_ber_length(read);
  if (read.ok() && (size < 9 || size > ldap_most)) return talk_step::not_ours();
  byte_reader message(read.rest().substr(0, size));
  auto integer = message.be16();
  auto id = message.be32();
  bool ours = integer == 0x0204 && id == ldap_id(context);
  if (message.ok() && !ours) return talk_step::not_ours();
  auto operation = message.u8();
  bool found = operation == ldap_entry_tag;
  if (message.ok() && !found && operation != ldap_done_tag) return talk_step::not_ours();
  if (!read.ok() || read.left() < size) return talk_step::incomplete();
  auto length = read_ber_length(message);
  auto body = message.take(length);
  if (!message.ok() || message.left() > 0) return talk_step::not_ours();
  auto known = proven_service("ldap");
  if (found) read_ldap_entry(body, known.service);
  return talk_step::is(std::move(known));
}

/// Notice of disconnection (section 4.4.1), sent to a client that does not speak LDAP.
std::optional<recognition> recognise_ldap(std::string_view said) {
  constexpr std::string_view unsolicited{"\x02\x01\0\x78", 4};
  byte_reader read(said);
  if (read.u8() != ldap_message_tag) return std::nullopt;
  auto size = read_ber_length(read);
  auto message = read.take(size);
  bool notice = read.ok() && message.starts_with(unsolicited) &&
                message.find("1.3.6.1.4.1.1466.20036") != std::string_view::npos;
  if (!notice) return std::nullopt;
  return proven_service("ldap");
}

std::unique_ptr<protocol_talk> talk_ldap(const talk_context& context) {
  return std::make_unique<one_exchange>(ldap_request(ldap_id(context)), read_ldap, context);
}

/// The server begins TLS if the result code is `success` (section 4.1.9).
talk_step read_ldap_tls(std::string_view response, const talk_context& context) {
  byte_reader read(response);
  auto tag = read.u8();
  if (read.ok() && tag != ldap_message_tag) return talk_step::not_ours();
  auto size = read_ber_length(read);
  if (read.ok() && size > ldap_most) return talk_step::not_ours();
  if (!read.ok() || read.left() < size) return talk_step::incomplete();
  byte_reader message(read.take(size));
  byte_reader id(read_ber_element(message, ldap_integer_tag));
  byte_reader result(read_ber_element(message, ldap_extended_response_tag));
  auto code = read_ber_element(result, ldap_enumerated_tag);
  if (id.be32() != ldap_id(context) || !result.ok()) return talk_step::not_ours();
  auto out = talk_step::is({});
  out.start_tls = code == std::string_view("\0", 1);
  return out;
}

std::unique_ptr<protocol_talk> upgrade_ldap(const talk_context& context) {
  auto name = ber_element(ldap_request_name_tag, ldap_start_tls);
  auto request = ldap_message(ldap_id(context), ber_element(ldap_extended_tag, name));
  return std::make_unique<one_exchange>(std::move(request), read_ldap_tls, context);
}

}  // namespace

constinit const protocol_module ldap_module{.name = "ldap",
                                            .hinted_ports = ldap_ports,
                                            .recognise = recognise_ldap,
                                            .talk = talk_ldap,
                                            .upgrade = upgrade_ldap,
                                            .inside_upgrade = talk_ldap,
                                            .asked_anywhere = true};

}  // namespace sonde::scanner::modules
