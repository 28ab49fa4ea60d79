#pragma once

#include <string>

namespace sonde::test {

/// The test vectors of docs/contract.md, as the JSON text that stands there. Throws where there are
/// none.
[[nodiscard]] std::string contract_vectors();

/// The bytes that these hexadecimal digits stand for; the vectors are well formed.
[[nodiscard]] std::string bytes_of(const std::string& hex);

}  // namespace sonde::test
