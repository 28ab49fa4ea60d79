#pragma once

#include "base/limits.hpp"
#include "model/observation.hpp"
#include "tls/certificate.hpp"

#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace sonde::scanner {

/// A certificate as an observation: every field under the name that the entity will have.
[[nodiscard]] model::certificate_observation observe(const tls::certificate& certificate);

/// Whether a certificate is one for this name, or for this address.
[[nodiscard]] bool is_for(const tls::certificate& certificate, const model::target& host,
                          const model::ip_address& address);

/// The SHA-256 of a certificate's DER, in hexadecimal.
[[nodiscard]] std::string fingerprint_of(std::string_view der);

/// Certificates that one thread has parsed lately, by fingerprint: hashing costs a hundredth of
/// parsing, and most certificates come again. Holds a bounded number of bytes. Lives on one thread.
class certificate_cache {
 public:
  struct entry {
    tls::certificate parsed;
    std::shared_ptr<const model::certificate_observation> facts;
  };

  certificate_cache(tls::library& openssl, const limits& limits)
      : openssl_(openssl), limits_(limits) {}

  [[nodiscard]] std::shared_ptr<const entry> parse(std::string_view der) {
    return parse(der, fingerprint_of(der));
  }
  /// The same where the fingerprint is known.
  [[nodiscard]] std::shared_ptr<const entry> parse(std::string_view der,
                                                   const std::string& fingerprint);

 private:
  using age_list = std::list<std::string>;
  struct held {
    std::shared_ptr<const entry> value;
    age_list::iterator age;
    std::size_t bytes;  ///< of memory, about
  };

  tls::library& openssl_;
  const limits& limits_;
  age_list by_age_;  ///< fingerprints, newest first
  std::unordered_map<std::string, held> by_fingerprint_;
  std::size_t bytes_ = 0;
};

}  // namespace sonde::scanner
