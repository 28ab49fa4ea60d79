#pragma once

#include "model/scan/observation.hpp"
#include "scanner/engine/engine_limits.hpp"
#include "tls/certificate.hpp"

#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace sonde::scanner {

/// Converts a certificate to an observation: every field has the name of the entity's attribute.
[[nodiscard]] model::certificate_observation observe(const tls::certificate& certificate);

/// Tells whether a certificate is valid for this name or this address.
[[nodiscard]] bool is_for(const tls::certificate& certificate, const model::target& host,
                          const model::ip_address& address);

/// Returns the SHA-256 of a certificate's DER, in hexadecimal.
[[nodiscard]] std::string fingerprint_of(std::string_view der);

/// Certificates that one thread has parsed recently, by fingerprint: hashing costs a hundredth of
/// parsing, and most certificates recur. Size-limited in bytes. Lives on one thread.
class certificate_cache {
 public:
  struct entry {
    tls::certificate parsed;
    std::shared_ptr<const model::certificate_observation> facts;
  };

  certificate_cache(tls::library& openssl, const engine_limits& limits)
      : openssl_(openssl), limits_(limits) {}

  [[nodiscard]] std::shared_ptr<const entry> parse(std::string_view der) {
    return parse(der, fingerprint_of(der));
  }
  /// Parses a certificate whose fingerprint is known.
  [[nodiscard]] std::shared_ptr<const entry> parse(std::string_view der,
                                                   const std::string& fingerprint);

 private:
  using age_list = std::list<std::string>;
  struct held {
    std::shared_ptr<const entry> value;
    age_list::iterator age;
    std::size_t bytes;  ///< approximate memory
  };

  tls::library& openssl_;
  const engine_limits& limits_;
  age_list by_age_;  ///< fingerprints, newest first
  std::unordered_map<std::string, held> by_fingerprint_;
  std::size_t bytes_ = 0;
};

}  // namespace sonde::scanner
