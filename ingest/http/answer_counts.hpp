#pragma once

#include "base/metrics.hpp"

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace sonde::ingest {

/// Counts responses and measures how long handlers take.
class answer_counts {
 public:
  explicit answer_counts(metrics& counts);
  /// Counts one response. An unknown method gets the label "other", so that callers cannot create
  /// labels.
  void add(const std::string& method, unsigned status);
  void took(std::chrono::steady_clock::duration time);

 private:
  metrics& counts_;
  timing seconds_;
  std::map<std::pair<std::string, unsigned>, counter> answers_;
};

}  // namespace sonde::ingest
