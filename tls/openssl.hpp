#pragma once

#include "base/destroy_by.hpp"
#include "tls/library.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

// Owning pointers to OpenSSL's objects, for the .cpp files of this folder; no header includes this
// one.
namespace sonde::tls {

using lib_ctx_ptr = std::unique_ptr<OSSL_LIB_CTX, destroy_by<OSSL_LIB_CTX_free>>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, destroy_by<SSL_CTX_free>>;
using ssl_ptr = std::unique_ptr<SSL, destroy_by<SSL_free>>;
using x509_ptr = std::unique_ptr<X509, destroy_by<X509_free>>;

struct library::native {
  lib_ctx_ptr context;
  ssl_ctx_ptr client;
};

}  // namespace sonde::tls
