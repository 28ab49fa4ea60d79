// Parses any bytes as a certificate.

#include "tls/certificate.hpp"

#include "base/utf8.hpp"
#include "tls/host_match.hpp"
#include "tls/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace sonde::tls;

constexpr std::size_t most = 8;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The bytes of a text in JSON. The record of a certificate must fit its limit for any DER.
std::size_t check(const std::string& text) {
  require(sonde::to_utf8(text) == text);
  return text.size() +
         static_cast<std::size_t>(std::ranges::count(text, '\\') + std::ranges::count(text, '"'));
}

std::size_t check(const text_list& list) {
  require(list.kept.size() <= most && list.kept.size() <= list.total);
  std::size_t written = 0;
  for (const auto& entry : list.kept)
    written += check(entry);
  return written;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static library openssl;
  std::string_view der(reinterpret_cast<const char*>(data), size);
  auto c = parse_certificate(openssl, der, {.names = most});
  require(c.md5.size() == 32 && c.sha1.size() == 40 && c.sha256.size() == 64);
  require((c.status == parse_status::parsed) == (c.problems.total == 0));
  std::size_t written = 0;
  for (const auto* text : {&c.serial, &c.issuer.text, &c.subject.text, &c.not_before, &c.not_after,
                           &c.signature.name, &c.signature.hash, &c.key.type, &c.key.curve}) {
    written += check(*text);
  }
  for (const auto* list :
       {&c.problems, &c.issuer.parts, &c.subject.parts, &c.extended_key_usage, &c.names.dns,
        &c.names.addresses, &c.names.emails, &c.names.uris, &c.names.others, &c.permitted_names,
        &c.excluded_names, &c.policies, &c.ocsp_urls, &c.issuer_urls, &c.crl_urls, &c.sct_logs,
        &c.other_extensions, &c.other_critical_extensions}) {
    written += check(*list);
  }
  require(written <= 10 * size + 1'000);
  sonde::wall_time now(std::chrono::milliseconds(1'767'323'045'000));
  require(!is_expired(c, now) || !c.not_after.empty());
  require(!is_not_yet_valid(c, now) || !c.not_before.empty());
  require(!matches_host(c, "www.example.com") || c.names.dns.total > 0);
  return 0;
}
