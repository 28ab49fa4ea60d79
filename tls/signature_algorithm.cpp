#include "tls/signature_algorithm.hpp"

#include "tls/der.hpp"
#include "tls/oid.hpp"

namespace sonde::tls {
namespace {

struct known_algorithm {
  std::string_view oid;
  std::string_view name;
  std::string_view hash;
};

constexpr std::string_view rsassa_pss = "1.2.840.113549.1.1.10";

/// Algorithms of RFC 3279, 4055, 5758, 8410, 8692 and, for SHA-1 with RSA, the older OID of OIW.
constexpr known_algorithm known_algorithms[] = {
    {"1.2.840.113549.1.1.2", "md2WithRSAEncryption", "md2"},
    {"1.2.840.113549.1.1.3", "md4WithRSAEncryption", "md4"},
    {"1.2.840.113549.1.1.4", "md5WithRSAEncryption", "md5"},
    {"1.2.840.113549.1.1.5", "sha1WithRSAEncryption", "sha1"},
    {"1.3.14.3.2.29", "sha1WithRSAEncryption", "sha1"},
    {rsassa_pss, "rsassaPss", ""},
    {"1.2.840.113549.1.1.11", "sha256WithRSAEncryption", "sha256"},
    {"1.2.840.113549.1.1.12", "sha384WithRSAEncryption", "sha384"},
    {"1.2.840.113549.1.1.13", "sha512WithRSAEncryption", "sha512"},
    {"1.2.840.113549.1.1.14", "sha224WithRSAEncryption", "sha224"},
    {"1.2.840.10045.4.1", "ecdsa-with-SHA1", "sha1"},
    {"1.2.840.10045.4.3.1", "ecdsa-with-SHA224", "sha224"},
    {"1.2.840.10045.4.3.2", "ecdsa-with-SHA256", "sha256"},
    {"1.2.840.10045.4.3.3", "ecdsa-with-SHA384", "sha384"},
    {"1.2.840.10045.4.3.4", "ecdsa-with-SHA512", "sha512"},
    {"1.2.840.10040.4.3", "dsa-with-SHA1", "sha1"},
    {"2.16.840.1.101.3.4.3.1", "dsa-with-SHA224", "sha224"},
    {"2.16.840.1.101.3.4.3.2", "dsa-with-SHA256", "sha256"},
    {"1.3.101.112", "Ed25519", ""},
    {"1.3.101.113", "Ed448", ""},
};

constexpr named_oid hashes[] = {
    {"1.2.840.113549.2.5", "md5"},        {"1.3.14.3.2.26", "sha1"},
    {"2.16.840.1.101.3.4.2.4", "sha224"}, {"2.16.840.1.101.3.4.2.1", "sha256"},
    {"2.16.840.1.101.3.4.2.2", "sha384"}, {"2.16.840.1.101.3.4.2.3", "sha512"},
};

/// Reads the hash of RSASSA-PSS from `[0]`; SHA-1 if that is absent (RFC 4055, section 3.1).
bool read_pss_hash(std::string_view parameters, std::string& hash) {
  auto sequence = der::only(parameters, der::sequence);
  if (!sequence) return false;
  der::reader fields(sequence->content);
  auto tagged = fields.next(der::context_constructed(0));
  if (!tagged) {
    hash = "sha1";
    return true;
  }
  auto algorithm = der::only(tagged->content, der::sequence);
  if (!algorithm) return false;
  auto oid = der::reader(algorithm->content).next(der::object_identifier);
  if (!oid) return false;
  hash = name_or_oid(hashes, dotted(oid->content));
  return true;
}

}  // namespace

bool read_signature_algorithm(std::string_view content, signature_algorithm& out) {
  der::reader fields(content);
  auto oid = fields.next(der::object_identifier);
  if (!oid) return false;
  out.name = dotted(oid->content);
  if (out.name == rsassa_pss && !read_pss_hash(fields.rest(), out.hash)) return false;
  for (const auto& known : known_algorithms) {
    if (known.oid != out.name) continue;
    out.name = known.name;
    if (out.hash.empty()) out.hash = known.hash;
    break;
  }
  return true;
}

bool is_weak(const signature_algorithm& algorithm) {
  return algorithm.hash == "sha1" || algorithm.hash.starts_with("md");
}

}  // namespace sonde::tls
