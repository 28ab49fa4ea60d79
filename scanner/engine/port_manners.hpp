#pragma once

#include <cstdint>

namespace sonde::scanner {

/// What may be done on an open port, whatever a scan asks for.
enum class port_manners {
  speak,        ///< it may be sent requests
  listen_only,  ///< raw-printing port: every byte that it receives comes out on paper
};

/// The manners of a TCP port: `listen_only` for 515 (LPD), 9100–9107 (JetDirect), 9112–9116, 9220,
/// 9290 and 9500, `speak` for all others.
///
/// The number decides, because the first byte is already too much. `connection::write` enforces
/// it, so that no code path can send first; whoever plans a conversation asks here as well, and
/// saves the connection. Pure.
[[nodiscard]] port_manners manners_of(std::uint16_t port);

}  // namespace sonde::scanner
