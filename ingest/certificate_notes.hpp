#pragma once

#include "base/async/byte_link.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

#include <cstdint>
#include <string>

namespace sonde::ingest {

/// Counts what the certificates of clients were worth, and says in the log what is to be looked
/// into: what was refused, and what is valid and no gateway's. Anybody can send such; so a line a
/// minute is written, with how many there were. Lives on one loop.
class certificate_notes {
 public:
  certificate_notes(metrics& counts, logger& log);

  /// Of a connection whose handshake has ended, well or not; `address`: the peer's, where it has
  /// one.
  void note(byte_link& link, const std::string& address);

 private:
  void say(const char* what, const byte_link& link, const std::string& address);

  logger& log_;
  counter gateways_;
  counter not_listed_;
  counter refused_;
  steady_time next_line_ = {};
  std::int64_t unsaid_ = 0;
};

}  // namespace sonde::ingest
