#pragma once

#include "base/result.hpp"
#include "net/byte_stream.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sonde {

struct free_chain {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
/// A certificate and the chain to a trusted one.
using certificate_chain = std::unique_ptr<STACK_OF(X509), free_chain>;

/// Decides which client certificates are trusted, and which of them are listed. Immutable; any
/// thread. Exposes OpenSSL types, so it is used only inside this folder.
class client_certificates {
 public:
  /// Loads authorities from a PEM file. An intermediate authority is trusted without its root.
  [[nodiscard]] static result<std::shared_ptr<const client_certificates>> load(
      const std::string& file, std::vector<std::string> names);

  /// Makes a context request such certificates and refuse all others.
  void demand_of(SSL_CTX* context, std::uint32_t chain_bytes) const;

  /// Returns what the peer's certificate proves now. Sets `chain` to the chain that the result
  /// rests on.
  [[nodiscard]] byte_stream::proof check(SSL* peer, certificate_chain& chain) const;

 private:
  struct free_store {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  client_certificates() = default;
  [[nodiscard]] bool lists(X509* certificate) const;

  std::unique_ptr<X509_STORE, free_store> store_;
  std::string file_;
  std::vector<std::string> names_;
};

}  // namespace sonde
