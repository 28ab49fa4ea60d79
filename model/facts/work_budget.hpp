#pragma once

#include <cstdint>

namespace sonde::model {

/// The remaining work to check one request, in units of about a microsecond of processor time.
///
/// Each step pays in advance, by the size of its input, so that the total work is bounded for any
/// request.
class work_budget {
 public:
  explicit work_budget(std::uint64_t units) : left_(units) {}

  /// Pays for a step. Returns false if not enough is left. Then nothing is paid, and the step must
  /// not run.
  [[nodiscard]] bool spend(std::uint64_t units) {
    if (units > left_) return false;
    left_ -= units;
    return true;
  }
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_;
};

}  // namespace sonde::model
