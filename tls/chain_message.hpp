#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::tls {

/// The certificates a peer presented, in its order.
struct presented_chain {
  std::vector<std::string> certificates;  ///< DER as sent, decodable or not; the first of them
  std::size_t total = 0;                  ///< all that were sent
};

/// The two shapes of a Certificate message: RFC 5246, section 7.4.2, and RFC 8446, section 4.4.2.
enum class chain_format { up_to_tls12, tls13 };

/// The certificates of a Certificate message, given without its four bytes of header. Keeps the
/// first `most`. From a malformed message comes what stands before the fault.
[[nodiscard]] presented_chain read_chain(std::string_view body, chain_format format,
                                         std::size_t most);

}  // namespace sonde::tls
