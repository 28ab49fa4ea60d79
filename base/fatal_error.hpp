#pragma once

#include "base/result.hpp"

#include <mutex>

namespace sonde {

/// The first error after which a process cannot do its work and should end. Thread-safe.
class fatal_error {
 public:
  /// Stores the first error. Later errors are dropped.
  void set(error why) {
    std::lock_guard only(mutex_);
    if (!first_.code) first_ = std::move(why);
  }
  /// Returns the stored error, or success if there is none.
  [[nodiscard]] result<> check() const {
    std::lock_guard only(mutex_);
    if (first_.code) return first_;
    return {};
  }

 private:
  mutable std::mutex mutex_;
  error first_;
};

}  // namespace sonde
