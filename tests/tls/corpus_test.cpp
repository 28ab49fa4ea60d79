// Certificates from the wild and from the tests of other programs, many malformed on purpose. Each
// one that OpenSSL can decode is compared with OpenSSL's result.

#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "tests/support/corpora.hpp"
#include "tests/support/doctest.hpp"
#include "tests/tls/openssl_view.hpp"
#include "tls/certificate.hpp"
#include "tls/text.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

namespace sonde::tls {
namespace {

constexpr std::size_t blobs = 1'963;

struct blob {
  std::string name;
  std::string der;
};

std::vector<blob> read_corpus() {
  auto folder = test::corpora();
  if (!folder) return {};
  std::vector<blob> out;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(test::unpack(*folder / "x509.tar.xz"))) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    out.push_back({entry.path().filename(), std::string(std::istreambuf_iterator<char>(in), {})});
  }
  return out;
}

const std::vector<blob>& corpus() {
  static const std::vector<blob> read = read_corpus();
  if (read.empty()) MESSAGE("no corpora here: 1,963 certificates were not parsed");
  return read;
}

certificate parse(const blob& b) {
  static library openssl;
  return parse_certificate(openssl, b.der, {});
}

std::vector<std::string> all_text(const certificate& c) {
  std::vector<std::string> out = {c.serial,         c.issuer.text,      c.subject.text,
                                  c.not_before,     c.not_after,        c.signature.name,
                                  c.signature.hash, c.key.type,         c.key.curve,
                                  c.subject_key_id, c.authority_key_id, c.validation_level};
  for (const auto* list :
       {&c.problems, &c.issuer.parts, &c.subject.parts, &c.extended_key_usage, &c.names.dns,
        &c.names.addresses, &c.names.emails, &c.names.uris, &c.names.others, &c.permitted_names,
        &c.excluded_names, &c.policies, &c.ocsp_urls, &c.issuer_urls, &c.crl_urls, &c.sct_logs,
        &c.other_extensions, &c.other_critical_extensions}) {
    out.insert(out.end(), list->kept.begin(), list->kept.end());
  }
  return out;
}

bool is_presentable(const std::string& text) {
  return to_utf8(text) == text &&
         std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

/// The results differ on purpose in these cases: the order within an RDN, bytes that are not UTF-8
/// in a string that should be ASCII, and UTF-8 in a T61String.
bool is_comparable(const std::string& ours, const std::string& theirs) {
  auto holds = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  return !holds(ours, "+") && !holds(ours, "�") && !holds(theirs, "Ã");
}

}  // namespace

TEST_CASE("every certificate of the corpus is parsed as far as possible") {
  std::map<parse_status, std::size_t> count;
  for (const auto& b : corpus()) {
    CAPTURE(b.name);
    auto c = parse(b);
    ++count[c.status];
    CHECK(c.sha256 == to_hex(sha256(b.der)));
    CHECK(c.sha1.size() == 40);
    CHECK(c.md5.size() == 32);
    CHECK((c.status == parse_status::parsed) == (c.problems.total == 0));
    CHECK((c.status == parse_status::unparsable) == c.tbs_sha256.empty());
    CHECK(std::ranges::all_of(all_text(c), is_presentable));
  }
  if (corpus().empty()) return;
  CHECK(corpus().size() == blobs);
  CHECK(count[parse_status::parsed] == 1190);
  CHECK(count[parse_status::partial] == 518);
  CHECK(count[parse_status::unparsable] == 255);
}

TEST_CASE("the parser agrees with OpenSSL on every certificate that both decode") {
  std::size_t compared = 0;
  std::size_t names = 0;
  for (const auto& b : corpus()) {
    auto theirs = test::view_by_openssl(b.der);
    auto ours = parse(b);
    if (!theirs || ours.status != parse_status::parsed) continue;
    CAPTURE(b.name);
    ++compared;
    CHECK(ours.serial == theirs->serial);
    CHECK(ours.version == theirs->version);
    CHECK(ours.not_before == theirs->not_before);
    CHECK(ours.not_after == theirs->not_after);
    CHECK(ours.names.total() == theirs->alternative_names.value_or(0));
    CHECK((ours.constraints && ours.constraints->ca) == theirs->is_ca);
    // For a curve over a binary field, OpenSSL counts the bits of the order.
    bool same_measure = ours.key.type == "RSA" || ours.key.type == "DSA" ||
                        ours.key.curve.starts_with("secp") || ours.key.curve == "explicit";
    if (same_measure && theirs->key_bits != 0) CHECK(ours.key.bits == theirs->key_bits);
    if (!theirs->encodes_alike) CHECK(ours.flags.non_dce_der);
    if (theirs->encodes_alike) CHECK(ours.key.spki_sha256 == theirs->spki_sha256);
    // From here on OpenSSL shows what it would have encoded.
    if (ours.flags.non_dce_der || !is_comparable(ours.subject.text, theirs->subject)) continue;
    if (!is_comparable(ours.issuer.text, theirs->issuer)) continue;
    ++names;
    // OpenSSL writes hexadecimal digits in upper case. Nothing else here depends on case.
    CHECK(ascii::lower_case(ours.subject.text) == ascii::lower_case(theirs->subject));
    CHECK(ascii::lower_case(ours.issuer.text) == ascii::lower_case(theirs->issuer));
  }
  if (corpus().empty()) return;
  CHECK(compared >= 1'150);
  CHECK(names >= 1'050);
}

TEST_CASE("every prefix of a certificate is unparsable") {
  if (corpus().empty()) return;
  const auto& all = corpus();
  for (std::size_t i = 0; i < all.size(); i += 100) {
    if (parse(all[i]).flags.non_dce_der) continue;
    CAPTURE(all[i].name);
    for (std::size_t size = 0; size < all[i].der.size(); size += 7) {
      blob prefix{all[i].name, all[i].der.substr(0, size)};
      CHECK(parse(prefix).status == parse_status::unparsable);
    }
  }
}

}  // namespace sonde::tls
