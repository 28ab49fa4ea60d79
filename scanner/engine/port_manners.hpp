#pragma once

#include <cstdint>

namespace sonde::scanner {

/// The permitted use of an open port, for every scan.
enum class port_manners {
  speak,        ///< it may be sent requests
  listen_only,  ///< raw-printing port: every byte that it receives comes out on paper
  industrial,  ///< a controller may be there: nothing but its protocol's own identification request
};

/// The manners of a TCP port: `listen_only` for 515 (LPD), 9100–9107 (JetDirect), 9112–9116, 9220,
/// 9290 and 9500; `industrial` for 102 (S7), 502 (Modbus), 1911 and 4911 (Fox), 2404 (IEC 104),
/// 4840 (OPC UA), 20000 (DNP3) and 44818 (EtherNet/IP); `speak` for all others.
///
/// The number decides, because the first byte is already too much. `connection::write` enforces
/// it, so that no code path can send first. The planner of a conversation checks it as well, which
/// saves the connection. Pure.
[[nodiscard]] port_manners manners_of(std::uint16_t port);

/// Returns true if nothing may be sent to a port. `industrial_allowed`: requests of industrial
/// protocols are allowed. Pure.
[[nodiscard]] bool listens_only(std::uint16_t port, bool industrial_allowed);

}  // namespace sonde::scanner
