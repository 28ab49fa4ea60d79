#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "net/byte_stream.hpp"

#include <cstdint>
#include <string>

namespace sonde::ingest {

/// Counts the results of client certificate checks and logs the ones to investigate: rejected
/// certificates, and valid certificates of a client that is not a listed gateway. Any client can
/// cause these, so at most one line per minute is logged, with the number of omitted ones. Lives on
/// one loop.
class certificate_notes {
 public:
  certificate_notes(metrics& counts, logger& log);

  /// Records a connection whose handshake has ended, with success or failure. `address`: the peer's
  /// address, if it has one.
  void note(byte_stream& link, const std::string& address);

 private:
  void say(const char* what, const byte_stream& link, const std::string& address);

  logger& log_;
  counter gateways_;
  counter not_listed_;
  counter refused_;
  steady_time next_line_ = {};
  std::int64_t unsaid_ = 0;
};

}  // namespace sonde::ingest
