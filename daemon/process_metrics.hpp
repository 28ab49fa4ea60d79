#pragma once

#include "base/metrics.hpp"

namespace sonde::daemon {

/// What Prometheus' clients say of their process, under the same names: processor time, resident
/// memory, descriptors, start.
class process_metrics {
 public:
  explicit process_metrics(metrics& counts);
  /// Reads them anew, from `/proc/self` and `getrusage`.
  void refresh();

 private:
  counter cpu_seconds_;
  gauge resident_bytes_;
  gauge open_descriptors_;
  gauge most_descriptors_;
  double cpu_shown_ = 0;
};

}  // namespace sonde::daemon
