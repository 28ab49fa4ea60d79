#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

namespace sonde::views {

/// Reads that wait for one thread. Callers take turns, so a caller with many reads delays another
/// caller's read by one read only. Does no I/O; internal to this folder.
class reading_turns {
 public:
  using job = std::function<void()>;

  void add(const std::string& caller, job one);
  /// Removes and returns the next job, or returns an empty one.
  [[nodiscard]] job next();
  [[nodiscard]] bool empty() const { return turns_.empty(); }

 private:
  std::unordered_map<std::string, std::deque<job>> jobs_;  ///< by caller; none is empty
  std::deque<std::string> turns_;                          ///< the same callers, each once
};

}  // namespace sonde::views
