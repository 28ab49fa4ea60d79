#pragma once

#include "base/async/operation_timeout.hpp"
#include "base/log.hpp"

#include <chrono>
#include <cstdint>
#include <map>

namespace sonde::ingest {

/// Limits the log lines for rejections that a peer can cause at will. Logs the first few of each
/// minute, and at the end of the minute one line with the number of the others by status. A flood
/// of requests causes no flood of log lines. Lives on one loop.
class refusal_log {
 public:
  refusal_log(executor loop, logger& log, std::uint32_t lines,
              std::chrono::milliseconds minute = std::chrono::minutes(1));

  /// Counts one rejection. Returns true if it is among the first few and gets a log line of its
  /// own.
  [[nodiscard]] bool note(unsigned status);
  /// Logs the summary before the end of the minute, so that the loop of a stopping server can end.
  void finish();

 private:
  void sum_up();

  logger& log_;
  std::uint32_t most_lines_;
  std::uint32_t seen_ = 0;
  std::map<unsigned, std::uint64_t> unlogged_;
  std::chrono::milliseconds window_;
  operation_timeout minute_;
};

}  // namespace sonde::ingest
