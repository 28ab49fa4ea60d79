#include "tls/names.hpp"

#include "base/hash.hpp"
#include "tls/der.hpp"
#include "tls/oid.hpp"
#include "tls/text.hpp"

#include <utility>

namespace sonde::tls {
namespace {

/// Attribute types of RFC 4514, section 3; RFC 4519; X.520; the CA/Browser Forum's guidelines for
/// extended validation.
constexpr named_oid attribute_types[] = {
    {"2.5.4.3", "CN"},
    {"2.5.4.4", "SN"},
    {"2.5.4.5", "serialNumber"},
    {"2.5.4.6", "C"},
    {"2.5.4.7", "L"},
    {"2.5.4.8", "ST"},
    {"2.5.4.9", "street"},
    {"2.5.4.10", "O"},
    {"2.5.4.11", "OU"},
    {"2.5.4.12", "title"},
    {"2.5.4.13", "description"},
    {"2.5.4.15", "businessCategory"},
    {"2.5.4.17", "postalCode"},
    {"2.5.4.18", "postOfficeBox"},
    {"2.5.4.20", "telephoneNumber"},
    {"2.5.4.41", "name"},
    {"2.5.4.42", "GN"},
    {"2.5.4.43", "initials"},
    {"2.5.4.44", "generationQualifier"},
    {"2.5.4.46", "dnQualifier"},
    {"2.5.4.65", "pseudonym"},
    {"2.5.4.97", "organizationIdentifier"},
    {"0.9.2342.19200300.100.1.1", "UID"},
    {"0.9.2342.19200300.100.1.25", "DC"},
    {"1.2.840.113549.1.9.1", "emailAddress"},
    {"1.2.840.113549.1.9.2", "unstructuredName"},
    {"1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"},
    {"1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"},
    {"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"},
};

/// Returns one attribute, `CN=a`; empty if it is malformed.
std::string attribute_text(std::string_view content) {
  der::reader fields(content);
  auto type = fields.next(der::object_identifier);
  auto value = fields.next();
  if (!type || !value || !fields.empty()) return {};
  auto oid = dotted(type->content);
  auto name = name_or_oid(attribute_types, oid);
  auto text = name == oid ? std::nullopt : decode_string(value->tag, value->content);
  return name + "=" + (text ? escaped_value(*text) : "#" + to_hex(value->whole));
}

/// Decodes one RDN, `CN=a+OU=b`. Returns false if part of it is malformed.
bool read_rdn(std::string_view content, std::string& out) {
  der::reader attributes(content);
  while (!attributes.empty()) {
    auto attribute = attributes.next(der::sequence);
    auto text = attribute ? attribute_text(attribute->content) : std::string();
    if (text.empty()) return false;
    if (!out.empty()) out += '+';
    out += text;
  }
  return !out.empty();
}

}  // namespace

bool read_name(std::string_view content, std::size_t most, distinguished_name& out) {
  bool sound = true;
  std::vector<std::string> parts;
  der::reader rdns(content);
  while (auto rdn = rdns.next(der::set)) {
    std::string part;
    sound = read_rdn(rdn->content, part) && sound;
    if (!part.empty()) parts.push_back(std::move(part));
  }
  while (!parts.empty()) {
    if (!out.text.empty()) out.text += ',';
    out.text += parts.back();
    add(out.parts, std::move(parts.back()), most);
    parts.pop_back();
  }
  return sound && rdns.empty();
}

}  // namespace sonde::tls
