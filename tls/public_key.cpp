#include "tls/public_key.hpp"

#include "tls/der.hpp"
#include "tls/oid.hpp"

namespace sonde::tls {
namespace {

/// Key types of RFC 3279, 4055 and 8410; GOST of RFC 4491 and 9215.
constexpr named_oid key_types[] = {
    {"1.2.840.113549.1.1.1", "RSA"},
    {"1.2.840.113549.1.1.10", "RSASSA-PSS"},
    {"1.2.840.10045.2.1", "EC"},
    {"1.3.101.110", "X25519"},
    {"1.3.101.111", "X448"},
    {"1.3.101.112", "Ed25519"},
    {"1.3.101.113", "Ed448"},
    {"1.2.840.10040.4.1", "DSA"},
    {"1.2.840.10046.2.1", "DH"},
    {"1.2.643.2.2.19", "GOST2001"},
    {"1.2.643.7.1.1.1.1", "GOST2012-256"},
    {"1.2.643.7.1.1.1.2", "GOST2012-512"},
};

struct named_curve {
  std::string_view oid;
  std::string_view name;
  std::uint32_t bits;
};

/// The curves of SEC 2 and RFC 5639.
constexpr named_curve named_curves[] = {
    {"1.2.840.10045.3.1.1", "secp192r1", 192},
    {"1.2.840.10045.3.1.7", "secp256r1", 256},
    {"1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", 160},
    {"1.3.36.3.3.2.8.1.1.2", "brainpoolP160t1", 160},
    {"1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", 192},
    {"1.3.36.3.3.2.8.1.1.4", "brainpoolP192t1", 192},
    {"1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", 224},
    {"1.3.36.3.3.2.8.1.1.6", "brainpoolP224t1", 224},
    {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256},
    {"1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1", 256},
    {"1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", 320},
    {"1.3.36.3.3.2.8.1.1.10", "brainpoolP320t1", 320},
    {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384},
    {"1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1", 384},
    {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512},
    {"1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1", 512},
    {"1.3.132.0.1", "sect163k1", 163},
    {"1.3.132.0.2", "sect163r1", 163},
    {"1.3.132.0.3", "sect239k1", 239},
    {"1.3.132.0.4", "sect113r1", 113},
    {"1.3.132.0.5", "sect113r2", 113},
    {"1.3.132.0.6", "secp112r1", 112},
    {"1.3.132.0.7", "secp112r2", 112},
    {"1.3.132.0.8", "secp160r1", 160},
    {"1.3.132.0.9", "secp160k1", 160},
    {"1.3.132.0.10", "secp256k1", 256},
    {"1.3.132.0.15", "sect163r2", 163},
    {"1.3.132.0.16", "sect283k1", 283},
    {"1.3.132.0.17", "sect283r1", 283},
    {"1.3.132.0.22", "sect131r1", 131},
    {"1.3.132.0.23", "sect131r2", 131},
    {"1.3.132.0.24", "sect193r1", 193},
    {"1.3.132.0.25", "sect193r2", 193},
    {"1.3.132.0.26", "sect233k1", 233},
    {"1.3.132.0.27", "sect233r1", 233},
    {"1.3.132.0.28", "secp128r1", 128},
    {"1.3.132.0.29", "secp128r2", 128},
    {"1.3.132.0.30", "secp160r2", 160},
    {"1.3.132.0.31", "secp192k1", 192},
    {"1.3.132.0.32", "secp224k1", 224},
    {"1.3.132.0.33", "secp224r1", 224},
    {"1.3.132.0.34", "secp384r1", 384},
    {"1.3.132.0.35", "secp521r1", 521},
    {"1.3.132.0.36", "sect409k1", 409},
    {"1.3.132.0.37", "sect409r1", 409},
    {"1.3.132.0.38", "sect571k1", 571},
    {"1.3.132.0.39", "sect571r1", 571},
};

/// Decodes an RSA key (RFC 3279, section 2.3.1): the modulus is the first number of the key itself.
bool read_rsa(std::string_view bits, public_key& out) {
  auto key = der::only(bits, der::sequence);
  if (!key) return false;
  der::reader fields(key->content);
  auto modulus = fields.next(der::integer);
  if (!modulus || !fields.next(der::integer)) return false;
  out.bits = der::bit_length(modulus->content);
  return true;
}

/// Decodes a DSA key (RFC 3279, section 2.3.2): the prime is the first number of the parameters, if
/// they are present.
bool read_dsa(std::string_view parameters, public_key& out) {
  auto group = der::only(parameters, der::sequence);
  if (!group) return parameters.empty();
  der::reader fields(group->content);
  auto prime = fields.next(der::integer);
  if (!prime) return false;
  out.bits = der::bit_length(prime->content);
  return true;
}

/// Returns the field size of explicit parameters (RFC 3279, section 2.3.5) for a prime field.
std::uint32_t explicit_field_bits(std::string_view content) {
  der::reader fields(content);
  fields.next(der::integer);
  auto field = fields.next(der::sequence);
  if (!field) return 0;
  der::reader inside(field->content);
  inside.next(der::object_identifier);
  auto prime = inside.next(der::integer);
  return prime ? der::bit_length(prime->content) : 0;
}

bool read_ec(std::string_view parameters, public_key& out) {
  if (auto explicit_curve = der::only(parameters, der::sequence)) {
    out.curve = "explicit";
    out.bits = explicit_field_bits(explicit_curve->content);
    return true;
  }
  auto oid = der::only(parameters, der::object_identifier);
  if (!oid) return false;
  out.curve = dotted(oid->content);
  for (const auto& curve : named_curves) {
    if (curve.oid != out.curve) continue;
    out.curve = curve.name;
    out.bits = curve.bits;
    break;
  }
  return true;
}

bool read_edwards(std::string_view bits, std::size_t bytes, public_key& out) {
  out.bits = static_cast<std::uint32_t>(bytes * 8);
  return bits.size() == bytes;
}

}  // namespace

bool read_public_key(std::string_view content, public_key& out) {
  der::reader fields(content);
  auto algorithm = fields.next(der::sequence);
  auto bit_string = fields.next(der::bit_string);
  if (!algorithm) return false;
  der::reader inside(algorithm->content);
  auto oid = inside.next(der::object_identifier);
  if (!oid) return false;
  out.type = name_or_oid(key_types, dotted(oid->content));
  if (!bit_string || bit_string->content.empty() || !fields.empty()) return false;
  auto bits = bit_string->content.substr(1);
  if (out.type == "RSA" || out.type == "RSASSA-PSS") return read_rsa(bits, out);
  if (out.type == "EC") return read_ec(inside.rest(), out);
  if (out.type == "DSA") return read_dsa(inside.rest(), out);
  if (out.type == "Ed25519" || out.type == "X25519") return read_edwards(bits, 32, out);
  if (out.type == "Ed448") return read_edwards(bits, 57, out);
  if (out.type == "X448") return read_edwards(bits, 56, out);
  return true;
}

bool is_weak(const public_key& key) {
  if (key.type == "RSA" || key.type == "RSASSA-PSS") return key.bits > 0 && key.bits < 2048;
  if (key.type == "EC") return key.bits > 0 && key.bits < 224;
  return key.type == "DSA";
}

}  // namespace sonde::tls
