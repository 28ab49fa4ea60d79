#include "tls/certificate.hpp"

#include "base/enum_names.hpp"
#include "base/hash.hpp"
#include "tls/der.hpp"
#include "tls/extensions.hpp"
#include "tls/names.hpp"
#include "tls/public_key.hpp"
#include "tls/self_signature.hpp"
#include "tls/signature_algorithm.hpp"
#include "tls/validity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace sonde::tls {
namespace {

/// OpenSSL's limit on RSA keys. A signature of a larger key is not verified.
constexpr std::uint32_t longest_verified_key_bits = 16'384;

/// The fields of every certificate (RFC 5280, section 4.1), located but not decoded.
struct skeleton {
  der::element whole;
  der::element tbs;
  std::optional<der::element> version;
  der::element serial;
  der::element issuer;
  der::element validity;
  der::element subject;
  der::element key;
  std::optional<der::element> extensions;
  der::element signature_algorithm;
  bool has_more = false;  ///< there are bytes after an expected end
};

/// Takes the expected elements in order. Returns false at the first missing one.
struct expected_field {
  std::uint8_t tag;
  der::element* into;
};

bool take_all(der::reader& fields, std::initializer_list<expected_field> expected) {
  for (const auto& field : expected) {
    auto found = fields.next(field.tag);
    if (!found) return false;
    *field.into = *found;
  }
  return true;
}

std::optional<skeleton> read_skeleton(std::string_view bytes) {
  skeleton out;
  der::reader outside(bytes);
  if (!take_all(outside, {{der::sequence, &out.whole}})) return std::nullopt;
  der::reader parts(out.whole.content);
  der::element signature;
  if (!take_all(parts, {{der::sequence, &out.tbs},
                        {der::sequence, &out.signature_algorithm},
                        {der::bit_string, &signature}})) {
    return std::nullopt;
  }
  der::reader fields(out.tbs.content);
  der::element inner_algorithm;
  out.version = fields.next(der::context_constructed(0));
  if (!take_all(fields, {{der::integer, &out.serial},
                         {der::sequence, &inner_algorithm},
                         {der::sequence, &out.issuer},
                         {der::sequence, &out.validity},
                         {der::sequence, &out.subject},
                         {der::sequence, &out.key}})) {
    return std::nullopt;
  }
  fields.next(der::context(1));  // issuerUniqueID and subjectUniqueID, unused in practice
  fields.next(der::context(2));
  out.extensions = fields.next(der::context_constructed(3));
  out.has_more = !outside.empty() || !parts.empty() || !fields.empty();
  return out;
}

bool read_version(const skeleton& bones, certificate& out) {
  out.version = 1;
  if (!bones.version) return true;
  auto number = der::only(bones.version->content, der::integer);
  auto value = number ? der::to_uint32(number->content) : std::nullopt;
  if (!value || *value > 2) return false;
  out.version = *value + 1;
  if (*value == 0) out.flags.non_dce_der = true;  // DER omits default values
  return true;
}

/// Decodes the two's complement serial number to sign and magnitude.
bool read_serial(std::string_view content, certificate& out) {
  if (content.empty()) return false;
  out.flags.negative_serial = static_cast<std::uint8_t>(content.front()) >= 0x80;
  std::string bytes(content);
  if (out.flags.negative_serial) {
    bool carry = true;
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
      auto inverted = static_cast<std::uint8_t>(~static_cast<std::uint8_t>(*byte));
      auto negated = static_cast<std::uint8_t>(inverted + (carry ? 1 : 0));
      carry = carry && negated == 0;
      *byte = static_cast<char>(negated);
    }
  }
  auto magnitude = to_hex(der::magnitude(bytes));
  out.serial = (out.flags.negative_serial ? "-" : "") + (magnitude.empty() ? "00" : magnitude);
  return true;
}

/// Checks the signature only if the names or the key ids match, because verification takes ten
/// times as long as parsing.
bool is_self_signed(library& openssl, std::string_view der, const certificate& c) {
  bool same_name = c.issuer.text == c.subject.text;
  bool same_key_id = !c.subject_key_id.empty() && c.subject_key_id == c.authority_key_id;
  return (same_name || same_key_id) && c.key.bits <= longest_verified_key_bits &&
         verifies_with_own_key(openssl, der);
}

void set_flags(library& openssl, std::string_view der, certificate& c) {
  c.flags.self_signed = is_self_signed(openssl, der, c);
  c.flags.wildcard = std::ranges::any_of(c.names.dns.kept,
                                         [](const auto& name) { return name.starts_with("*."); });
  c.flags.weak_key = is_weak(c.key);
  c.flags.weak_signature = is_weak(c.signature);
  c.flags.sha1 = c.signature.hash == "sha1";
  c.flags.no_san = c.names.total() == 0;
  c.flags.non_dce_der = c.flags.non_dce_der || !der::is_strict_der(der);
}

void read_fields(const skeleton& bones, const certificate_limits& limits, certificate& out) {
  auto check = [&](bool sound, const char* what) {
    if (!sound) add(out.problems, std::string(what) + " cannot be decoded", limits.names);
  };
  out.tbs_sha256 = to_hex(sha256(bones.tbs.whole));
  out.key.spki_sha256 = to_hex(sha256(bones.key.whole));
  check(read_version(bones, out), "the version");
  check(read_serial(bones.serial.content, out), "the serial number");
  check(read_name(bones.issuer.content, limits.names, out.issuer), "the issuer");
  check(read_name(bones.subject.content, limits.names, out.subject), "the subject");
  check(read_validity(bones.validity.content, out), "the validity");
  check(read_public_key(bones.key.content, out.key), "the public key");
  check(read_signature_algorithm(bones.signature_algorithm.content, out.signature),
        "the signature algorithm");
  if (bones.extensions) {
    auto list = der::only(bones.extensions->content, der::sequence);
    check(list.has_value(), "the list of extensions");
    if (list) read_extensions(list->content, limits, out);
  }
  if (bones.has_more) {
    add(out.problems, "there are more bytes than the certificate has", limits.names);
  }
}

}  // namespace

BOOST_DESCRIBE_ENUM(parse_status, parsed, partial, unparsable)

std::string_view name_of(parse_status status) {
  return enum_name(status);
}

void add(text_list& list, std::string entry, std::size_t most) {
  ++list.total;
  if (list.kept.size() < most) list.kept.push_back(std::move(entry));
}

certificate parse_certificate(library& openssl, std::string_view der,
                              const certificate_limits& limits) {
  certificate out;
  out.md5 = md5_hex(der);
  out.sha1 = sha1_hex(der);
  out.sha256 = to_hex(sha256(der));
  if (der.size() > limits.bytes) {
    add(out.problems, fmt::format("it is longer than {} bytes", limits.bytes), limits.names);
    return out;
  }
  auto bones = read_skeleton(der);
  if (!bones) {
    add(out.problems, "it is not a certificate", limits.names);
    return out;
  }
  read_fields(*bones, limits, out);
  set_flags(openssl, der, out);
  out.status = out.problems.total == 0 ? parse_status::parsed : parse_status::partial;
  return out;
}

}  // namespace sonde::tls
