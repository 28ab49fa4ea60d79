#pragma once

#include "base/metrics.hpp"

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace sonde::ingest {

/// Counts answers, and how long handlers took.
class answer_counts {
 public:
  explicit answer_counts(metrics& counts);
  /// A method that this program does not know is "other": labels are not for callers to choose.
  void add(const std::string& method, unsigned status);
  void took(std::chrono::steady_clock::duration time);

 private:
  metrics& counts_;
  timing seconds_;
  std::map<std::pair<std::string, unsigned>, counter> answers_;
};

}  // namespace sonde::ingest
