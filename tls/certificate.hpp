#pragma once

#include "base/clock.hpp"
#include "tls/library.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::tls {

/// What one certificate may make us hold.
struct certificate_limits {
  std::size_t bytes = 65'536;  ///< of DER; a longer one is only hashed
  std::size_t names = 1'000;   ///< entries kept of each list
};

/// How far a certificate could be decoded. `unparsable`: not even its skeleton, the fields that
/// every certificate has, each of the right type. `partial`: `problems` says what is amiss.
enum class parse_status { parsed, partial, unparsable };
[[nodiscard]] std::string_view name_of(parse_status status);

/// A list that keeps its first entries and counts them all.
struct text_list {
  std::vector<std::string> kept;
  std::size_t total = 0;

  [[nodiscard]] bool truncated() const { return total > kept.size(); }
};

/// Adds an entry, which is kept if fewer than `most` are.
void add(text_list& list, std::string entry, std::size_t most);

/// A name of X.500 in the form of RFC 4514, most specific part first: `CN=a,O=b`.
///
/// Attribute types without a short name are dotted, and their values hexadecimal, as the RFC says.
struct distinguished_name {
  std::string text;
  text_list parts;  ///< `CN=a`, `O=b`; those of one RDN together: `CN=a+OU=b`
};

/// The alternatives of a GeneralName (RFC 5280, section 4.2.1.6), each as text.
struct general_names {
  text_list dns;        ///< as written, wildcards and all
  text_list addresses;  ///< `203.0.113.1`, `2001:db8::1`
  text_list emails;
  text_list uris;
  text_list others;  ///< `dirName:CN=a`, `otherName:1.3.6.1.4.1.311.20.2.3=a`, `rid:1.2.3` …

  [[nodiscard]] std::size_t total() const {
    return dns.total + addresses.total + emails.total + uris.total + others.total;
  }
};

struct basic_constraints {
  bool ca = false;
  std::optional<std::uint32_t> path_length;
};

/// What kind of key a certificate is for.
struct public_key {
  std::string type;         ///< `RSA`, `EC`, `Ed25519` …, or a dotted OID
  std::uint32_t bits = 0;   ///< of modulus or field; 0 where unknown
  std::string curve;        ///< of an EC key: `secp256r1`, a dotted OID, or `explicit`
  std::string spki_sha256;  ///< of the SubjectPublicKeyInfo, in hexadecimal
};

/// How the issuer signed.
struct signature_algorithm {
  std::string name;  ///< `sha256WithRSAEncryption`, or a dotted OID
  std::string hash;  ///< `sha256`; empty where the algorithm has none of its own, or is unknown
};

/// What anybody can see from the certificate alone.
struct certificate_flags {
  /// Its own key verifies it. Tried where issuer and subject are one, or their key identifiers.
  bool self_signed = false;
  bool wildcard = false;         ///< a DNS name begins with `*.`
  bool weak_key = false;         ///< RSA below 2048 bits, EC below 224, or DSA
  bool weak_signature = false;   ///< over MD2, MD4, MD5 or SHA-1
  bool sha1 = false;             ///< over SHA-1
  bool no_san = false;           ///< no subject alternative name of any kind
  bool negative_serial = false;  ///< forbidden by RFC 5280, section 4.1.2.2
  bool non_dce_der = false;      ///< encoded in a way that DER forbids, or followed by more bytes
};

/// A certificate as it is presented, decoded as far as it can be (RFC 5280).
///
/// Plain values: owned by whoever has it, on any thread. All text is UTF-8, with control characters
/// escaped. Extensions that are absent or undecodable leave their fields empty.
struct certificate {
  parse_status status = parse_status::unparsable;
  text_list problems;  ///< sentences; empty exactly where `parsed`

  std::string md5, sha1, sha256;  ///< of the DER, in hexadecimal: there for any bytes whatever
  std::string tbs_sha256;         ///< of what is signed

  unsigned version = 0;  ///< 1, 2 or 3
  std::string serial;    ///< hexadecimal magnitude, after `-` if negative
  distinguished_name issuer;
  distinguished_name subject;
  std::string not_before;                  ///< RFC 3339, `2026-11-22T06:29:41Z`
  std::string not_after;                   ///< the last second it is valid
  std::optional<std::int64_t> validity_s;  ///< from `not_before` to `not_after`
  signature_algorithm signature;
  public_key key;

  std::vector<std::string> key_usage;  ///< `digitalSignature` …
  text_list extended_key_usage;        ///< `serverAuth` …, or dotted OIDs
  std::optional<basic_constraints> constraints;
  std::string subject_key_id;    ///< hexadecimal
  std::string authority_key_id;  ///< hexadecimal
  general_names names;           ///< subject alternative names
  text_list permitted_names;     ///< name constraints: `dns:example.com`, `ip:10.0.0.0/8` …
  text_list excluded_names;
  text_list policies;            ///< dotted OIDs
  std::string validation_level;  ///< CA/Browser Forum's: `EV`, `OV`, `IV`, `DV`; or empty
  text_list ocsp_urls;
  text_list issuer_urls;  ///< where the issuer's certificate is
  text_list crl_urls;
  bool must_staple = false;             ///< RFC 7633
  text_list sct_logs;                   ///< a base64 log id for each embedded SCT (RFC 6962)
  text_list other_extensions;           ///< dotted OIDs of those not decoded here
  text_list other_critical_extensions;  ///< the critical ones among them

  certificate_flags flags;
};

/// Decodes a certificate. Never fails as a whole and never throws for what `der` holds.
[[nodiscard]] certificate parse_certificate(library& openssl, std::string_view der,
                                            const certificate_limits& limits);

/// Both are inclusive (RFC 5280, section 4.1.2.5), and false where the date could not be decoded.
[[nodiscard]] bool is_expired(const certificate& certificate, wall_time now);
[[nodiscard]] bool is_not_yet_valid(const certificate& certificate, wall_time now);

}  // namespace sonde::tls
