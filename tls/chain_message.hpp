#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::tls {

/// The certificates that a peer presented, in its order.
struct presented_chain {
  std::vector<std::string> certificates;  ///< DER as sent, decodable or not; only the first ones
  std::size_t total = 0;                  ///< number of certificates sent
};

/// The two formats of a Certificate message: RFC 5246, section 7.4.2, and RFC 8446, section 4.4.2.
enum class chain_format { up_to_tls12, tls13 };

/// Reads the certificates of a Certificate message, whose four header bytes are already removed.
/// Keeps the first `most`. From a malformed message it returns the certificates before the fault.
[[nodiscard]] presented_chain read_chain(std::string_view body, chain_format format,
                                         std::size_t most);

}  // namespace sonde::tls
