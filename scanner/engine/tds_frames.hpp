#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// Carries the bytes of a TLS handshake in packets of TDS (MS-TDS, section 2.2.6.5): PRELOGIN
/// packets of type 0x12 with a header of eight bytes. A sans-IO filter of one connection; lives as
/// long as it, on its thread.
class tds_frames {
 public:
  /// The bytes as packets of at most 4,096 bytes.
  [[nodiscard]] static std::string wrap(std::string_view bytes);
  /// The contents of the packets that are whole with these bytes. The rest waits, at most 64 KiB.
  /// After bytes that are not a packet, everything passes unchanged.
  [[nodiscard]] std::string unwrap(std::string_view bytes);

 private:
  std::string waiting_;
  bool foreign_ = false;
};

}  // namespace sonde::scanner
