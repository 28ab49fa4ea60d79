#pragma once

#include <cstdint>

namespace sonde::model {

/// What checking one request may still cost, in units of about a microsecond of a processor.
///
/// Each step pays before it is done, by the size of what it looks at, so that the whole is bounded
/// whatever a caller sends.
class work_budget {
 public:
  explicit work_budget(std::uint64_t units) : left_(units) {}

  /// Pays for a step. False: not enough is left, nothing is paid, and the step must not be done.
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
