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

/// The memory that one certificate may use.
struct certificate_limits {
  std::size_t bytes = 65'536;  ///< of DER; a longer certificate is only hashed
  std::size_t names = 1'000;   ///< entries kept of each list
};

/// The extent to which a certificate could be decoded. `unparsable`: not even the fields that every
/// certificate has could be read with the right types. `partial`: `problems` lists the errors.
enum class parse_status { parsed, partial, unparsable };
[[nodiscard]] std::string_view name_of(parse_status status);

/// A list that keeps its first entries and counts all entries.
struct text_list {
  std::vector<std::string> kept;
  std::size_t total = 0;

  [[nodiscard]] bool truncated() const { return total > kept.size(); }
};

/// Adds an entry. Keeps it if the list holds fewer than `most` entries.
void add(text_list& list, std::string entry, std::size_t most);

/// An X.500 name in the form of RFC 4514, most specific part first: `CN=a,O=b`.
///
/// Attribute types without a short name are dotted, and their values hexadecimal, as RFC 4514
/// requires.
struct distinguished_name {
  std::string text;
  text_list parts;  ///< `CN=a`, `O=b`; one entry per RDN: `CN=a+OU=b`
};

/// The alternatives of a GeneralName (RFC 5280, section 4.2.1.6), each as text.
struct general_names {
  text_list dns;        ///< as written, including wildcards
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

/// The public key of a certificate.
struct public_key {
  std::string type;         ///< `RSA`, `EC`, `Ed25519` …, or a dotted OID
  std::uint32_t bits = 0;   ///< of modulus or field; 0 if unknown
  std::string curve;        ///< of an EC key: `secp256r1`, a dotted OID, or `explicit`
  std::string spki_sha256;  ///< of the SubjectPublicKeyInfo, in hexadecimal
};

/// The algorithm of the issuer's signature.
struct signature_algorithm {
  std::string name;  ///< `sha256WithRSAEncryption`, or a dotted OID
  std::string hash;  ///< `sha256`; empty if the algorithm has no separate hash or is unknown
};

/// Properties that follow from the certificate alone.
struct certificate_flags {
  /// The certificate's own key verifies its signature. Checked only if issuer and subject are
  /// equal, or if their key identifiers are.
  bool self_signed = false;
  bool wildcard = false;         ///< a DNS name begins with `*.`
  bool weak_key = false;         ///< RSA below 2048 bits, EC below 224, or DSA
  bool weak_signature = false;   ///< over MD2, MD4, MD5 or SHA-1
  bool sha1 = false;             ///< over SHA-1
  bool no_san = false;           ///< no subject alternative name of any kind
  bool negative_serial = false;  ///< forbidden by RFC 5280, section 4.1.2.2
  bool non_dce_der = false;      ///< encoding that DER forbids, or additional bytes after the end
};

/// A certificate as it is presented, decoded as far as possible (RFC 5280).
///
/// A plain value without shared state: usable on any thread, owned by its holder. All text is UTF-8
/// with escaped control characters. Absent or undecodable extensions leave their fields empty.
struct certificate {
  parse_status status = parse_status::unparsable;
  text_list problems;  ///< sentences; empty exactly if `parsed`

  std::string md5, sha1, sha256;  ///< of the DER, in hexadecimal; set for any bytes
  std::string tbs_sha256;         ///< of the signed part

  unsigned version = 0;  ///< 1, 2 or 3
  std::string serial;    ///< hexadecimal magnitude, after `-` if negative
  distinguished_name issuer;
  distinguished_name subject;
  std::string not_before;                  ///< RFC 3339, `2026-11-22T06:29:41Z`
  std::string not_after;                   ///< the last second of validity
  std::optional<std::int64_t> validity_s;  ///< from `not_before` to `not_after`
  signature_algorithm signature;
  public_key key;

  std::vector<std::string> key_usage;  ///< `digitalSignature` …
  text_list extended_key_usage;        ///< `serverAuth` …, or dotted OIDs
  std::optional<basic_constraints> constraints;
  std::string subject_key_id;    ///< in hexadecimal
  std::string authority_key_id;  ///< in hexadecimal
  general_names names;           ///< subject alternative names
  text_list permitted_names;     ///< name constraints: `dns:example.com`, `ip:10.0.0.0/8` …
  text_list excluded_names;
  text_list policies;            ///< dotted OIDs
  std::string validation_level;  ///< CA/Browser Forum: `EV`, `OV`, `IV`, `DV`; or empty
  text_list ocsp_urls;
  text_list issuer_urls;  ///< URLs of the issuer's certificate
  text_list crl_urls;
  bool must_staple = false;             ///< RFC 7633
  text_list sct_logs;                   ///< a base64 log id for each embedded SCT (RFC 6962)
  text_list other_extensions;           ///< dotted OIDs of extensions that are not decoded
  text_list other_critical_extensions;  ///< the critical ones among `other_extensions`

  certificate_flags flags;
};

/// Decodes a certificate. Never fails as a whole, and never throws because of the contents of
/// `der`.
[[nodiscard]] certificate parse_certificate(library& openssl, std::string_view der,
                                            const certificate_limits& limits);

/// Compare with the dates, which are inclusive (RFC 5280, section 4.1.2.5). Return false if the
/// date could not be decoded.
[[nodiscard]] bool is_expired(const certificate& certificate, wall_time now);
[[nodiscard]] bool is_not_yet_valid(const certificate& certificate, wall_time now);

}  // namespace sonde::tls
