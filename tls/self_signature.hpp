#pragma once

#include "tls/library.hpp"

#include <string_view>

namespace sonde::tls {

/// Returns whether the signature of a certificate verifies with the certificate's own key. The
/// caller must limit the size of the key: the cost of an RSA verification grows with its cube.
[[nodiscard]] bool verifies_with_own_key(library& openssl, std::string_view der);

}  // namespace sonde::tls
