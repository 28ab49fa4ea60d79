#pragma once

#include "base/async/byte_link.hpp"
#include "base/result.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sonde {

struct free_chain {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
/// A certificate and those that lead to one that is trusted.
using certificate_chain = std::unique_ptr<STACK_OF(X509), free_chain>;

/// Which certificates of clients count, and which of them are listed. Immutable; any thread. It
/// shows OpenSSL and stays inside this folder.
class gateway_rules {
 public:
  /// Authorities in a PEM file. An intermediate one is trusted without its root.
  [[nodiscard]] static result<std::shared_ptr<const gateway_rules>> load(
      const std::string& file, std::vector<std::string> names);

  /// Lets a context ask for such certificates, and refuse all others.
  void demand_of(SSL_CTX* context, std::uint32_t chain_bytes) const;

  /// What the peer's certificate proves now; `chain` is then what that rests on.
  [[nodiscard]] byte_link::proof judge(SSL* peer, certificate_chain& chain) const;

 private:
  struct free_store {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  gateway_rules() = default;
  [[nodiscard]] bool lists(X509* certificate) const;

  std::unique_ptr<X509_STORE, free_store> store_;
  std::string file_;
  std::vector<std::string> names_;
};

}  // namespace sonde
