#pragma once

#include "tls/library.hpp"

#include <string_view>

namespace sonde::tls {

/// Whether the signature of a certificate verifies with the certificate's own key. The caller has
/// bounded the size of the key: an RSA verification costs its cube.
[[nodiscard]] bool verifies_with_own_key(library& openssl, std::string_view der);

}  // namespace sonde::tls
