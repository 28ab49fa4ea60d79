#pragma once

#include "base/async/alarm.hpp"
#include "base/log.hpp"

#include <chrono>
#include <cstdint>
#include <map>

namespace sonde::ingest {

/// What the log says of refusals that a peer can cause as often as it likes: the first few of a
/// minute each, and at the minute's end one line with how many there were by status. So a flood of
/// requests is no flood of lines. Lives on one loop.
class refusal_log {
 public:
  refusal_log(executor loop, logger& log, std::uint32_t lines,
              std::chrono::milliseconds minute = std::chrono::minutes(1));

  /// Counts one. True: it is among the few, and has a line of its own.
  [[nodiscard]] bool note(unsigned status);
  /// Sums up before the minute's end: the server stops, and its loop has to end.
  void finish();

 private:
  void sum_up();

  logger& log_;
  std::uint32_t most_lines_;
  std::uint32_t seen_ = 0;
  std::map<unsigned, std::uint64_t> unlogged_;
  std::chrono::milliseconds window_;
  alarm minute_;
};

}  // namespace sonde::ingest
