#include "net/tls_client.hpp"

#include "net/tls_stream.hpp"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <fstream>
#include <new>

namespace sonde {
namespace {

constexpr unsigned char offered_protocols[] = "\x08http/1.1";
/// The number of a certificate's names that an error message lists.
constexpr std::size_t most_names_told = 5;

using certificate_ptr = std::unique_ptr<X509, destroy_by<X509_free>>;

error untrusted(const std::string& what) {
  return error{boost::system::errc::make_error_code(boost::system::errc::invalid_argument), what};
}

bool is_address(const std::string& host) {
  std::unique_ptr<ASN1_OCTET_STRING, destroy_by<ASN1_OCTET_STRING_free>> parsed(
      a2i_IPADDRESS(host.c_str()));
  return parsed != nullptr;
}

/// Returns the names in printable characters: `a.example, b.example and 3 more`.
std::string names_of(X509* shown) {
  auto names = dns_names_of(shown);
  auto addresses = addresses_of(shown);
  names.insert(names.end(), addresses.begin(), addresses.end());
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), most_names_told); ++i)
    out += (out.empty() ? "" : ", ") + names[i];
  std::ranges::replace_if(
      out, [](char c) { return c < ' ' || c > '~'; }, '?');
  if (names.size() > most_names_told) {
    out += fmt::format(" and {} more", names.size() - most_names_told);
  }
  return out;
}

/// Adds the authorities of a file. Returns the reason of a failure, or an empty text.
std::string trust_file(SSL_CTX* context, const std::string& file) {
  ERR_clear_error();
  if (!std::ifstream(file)) return "cannot be read";
  if (SSL_CTX_load_verify_file(context, file.c_str()) == 1) return {};
  return "has no certificate in PEM" + newest_tls_error();
}

result<certificate_ptr> parse_pem(const std::string& pem) {
  std::unique_ptr<BIO, destroy_by<BIO_free_all>> from(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!from) throw std::bad_alloc();
  certificate_ptr out(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr));
  if (out) return out;
  return untrusted("the certificate of the server on this machine cannot be parsed");
}

/// Replaces the verification of OpenSSL: accepts only the expected certificate.
int is_the_one(X509_STORE_CTX* shown, void* expected) {
  if (X509_cmp(X509_STORE_CTX_get0_cert(shown), static_cast<X509*>(expected)) == 0) return 1;
  X509_STORE_CTX_set_error(shown, X509_V_ERR_CERT_UNTRUSTED);
  return X509_STORE_CTX_get_verify_cb(shown)(0, shown);
}

}  // namespace

struct tls_client::state {
  client_trust trust;
  certificate_ptr only;  ///< `trust.certificate`
  ssl_context context;
};

class tls_client::link final : public tls_stream {
 public:
  link(const state& how, int descriptor, std::string host)
      : tls_stream(how.context, descriptor), trust_(how.trust), host_(std::move(host)) {
    if (trust_.certificate.empty()) expect_host();
  }

 protected:
  [[nodiscard]] std::string complaint(int why, X509* shown) const override {
    switch (why) {
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH: return other_name(shown);
      case X509_V_ERR_CERT_UNTRUSTED:
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return unknown_authority(shown);
      default: break;
    }
    return "the server's certificate is not valid: " + tls_stream::complaint(why, shown);
  }

 private:
  void expect_host() {
    auto* how = SSL_get0_param(ssl());
    if (trust_.strictness == tls_strictness::strict) {
      X509_VERIFY_PARAM_set_hostflags(
          how, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    }
    bool expected = false;
    if (is_address(host_)) {
      expected = X509_VERIFY_PARAM_set1_ip_asc(how, host_.c_str()) == 1;
    } else {
      expected = X509_VERIFY_PARAM_set1_host(how, host_.c_str(), host_.size()) == 1 &&
                 SSL_set_tlsext_host_name(ssl(), host_.c_str()) == 1;
    }
    if (!expected) throw std::bad_alloc();
  }

  [[nodiscard]] std::string other_name(X509* shown) const {
    auto names = names_of(shown);
    if (names.empty()) {
      return "the server's certificate (" + subject_of(shown) + ") names no host, and so not " +
             host_ + " either; the server needs one with a subjectAltName";
    }
    return "the server's certificate is for " + names + ", not for " + host_ +
           "; use a name that is in the server's certificate";
  }

  [[nodiscard]] std::string unknown_authority(X509* shown) const {
    auto begin = "the server's certificate (" + subject_of(shown) + ") is ";
    if (!trust_.certificate.empty()) {
      return begin + "not the one that the server of this data folder has";
    }
    if (!trust_.ca_file.empty()) {
      return begin + "not signed by an authority in " + trust_.ca_file;
    }
    return begin +
           "not signed by an authority that this system trusts; give --ca-file FILE if it is "
           "signed by your own CA";
  }

  const client_trust& trust_;
  std::string host_;
};

tls_client::tls_client(std::unique_ptr<state> loaded) : state_(std::move(loaded)) {}

tls_client::~tls_client() = default;

result<std::unique_ptr<tls_client>> tls_client::load(client_trust trust) {
  auto loaded = std::make_unique<state>();
  loaded->trust = std::move(trust);
  loaded->context = make_ssl_context(TLS_client_method());
  auto* context = loaded->context.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (loaded->trust.strictness == tls_strictness::compatible) {
    SSL_CTX_set_cipher_list(context, "DEFAULT");
  }
  SSL_CTX_set_alpn_protos(context, offered_protocols, sizeof offered_protocols - 1);
  const auto& given = loaded->trust;
  if (!given.certificate.empty()) {
    auto only = parse_pem(given.certificate);
    if (!only) return only.error();
    loaded->only = std::move(*only);
    SSL_CTX_set_cert_verify_callback(context, is_the_one, loaded->only.get());
  } else if (!given.ca_file.empty()) {
    auto why = trust_file(context, given.ca_file);
    if (!why.empty()) return untrusted("ca_file: " + given.ca_file + " " + why);
    // A certificate of the file is trusted even if the file does not contain its root.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  } else {
    SSL_CTX_set_default_verify_paths(context);
  }
  if (!given.more_ca_file.empty()) {
    auto why = trust_file(context, given.more_ca_file);
    if (!why.empty()) return untrusted("it " + why);
  }
  return std::unique_ptr<tls_client>(new tls_client(std::move(loaded)));
}

std::unique_ptr<byte_stream> tls_client::connect(int descriptor, std::string host) const {
  return std::make_unique<link>(*state_, descriptor, std::move(host));
}

}  // namespace sonde
