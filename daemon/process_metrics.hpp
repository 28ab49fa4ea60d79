#pragma once

#include "base/metrics.hpp"

namespace sonde::daemon {

/// Metrics of the process under the names that Prometheus' client libraries use: processor time,
/// resident memory, descriptors, start time.
class process_metrics {
 public:
  explicit process_metrics(metrics& counts);
  /// Reads the current values from `/proc/self` and `getrusage`.
  void refresh();

 private:
  counter cpu_seconds_;
  gauge resident_bytes_;
  gauge open_descriptors_;
  gauge most_descriptors_;
  double cpu_shown_ = 0;
};

}  // namespace sonde::daemon
