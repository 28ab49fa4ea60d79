#pragma once

#include "tests/webhook/simulated_process.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sonde::test {

enum class hazards {
  none,  ///< receivers fail, but every process lives and keeps its partitions
  all,   ///< crashes, restarts, rebalances that processes learn late, late writes
};

/// Processes that deliver the same messages over a model of the queue, with a manual clock. Every
/// choice follows from the seed: the order of steps, the responses, the hazards.
class delivery_simulation {
 public:
  delivery_simulation(std::uint64_t seed, hazards dangers);

  /// Runs until every message has ended. Throws `broken_invariant`.
  void run();
  [[nodiscard]] const simulated_world& world() const { return world_; }

 private:
  void produce();
  void rebalance();
  void disturb();
  void step();
  void land_late_write();
  void finish();
  bool advance_to_next_due();
  void check_ends() const;

  simulated_world world_;
  hazards dangers_;
  std::vector<simulated_process> processes_;
  std::vector<simulated_batch> late_;  ///< sent by processes that have crashed since
  std::size_t produced_ = 0;
};

}  // namespace sonde::test
