#pragma once

#include <string>

namespace sonde::test {

/// Returns the test vectors of docs/reference/contract.md as JSON text. Throws if the page has
/// none.
[[nodiscard]] std::string contract_vectors();

/// Decodes hexadecimal digits; the vectors are well formed.
[[nodiscard]] std::string bytes_of(const std::string& hex);

}  // namespace sonde::test
