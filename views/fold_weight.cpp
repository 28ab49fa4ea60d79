#include "views/fold_weight.hpp"

#include <sys/resource.h>
#include <thread>

namespace sonde::views {
namespace {

/// About a tenth of the weight of an equally busy thread. Folding still progresses next to a scan
/// that uses all processors.
constexpr int lower_nice = 10;

/// Sets the nice value. On Linux it applies to the calling thread only.
bool set_nice(int nice) {
  return setpriority(PRIO_PROCESS, 0, nice) == 0;
}

int current_nice() {
  return getpriority(PRIO_PROCESS, 0);
}

/// Tests on a separate thread, because the thread may not be able to raise its weight again.
bool may_be_raised_again() {
  bool raised = false;
  std::thread trial([&raised] {
    int before = current_nice();
    raised = before < lower_nice && set_nice(before + 1) && set_nice(before);
  });
  trial.join();
  return raised;
}

}  // namespace

fold_weight::fold_weight() : usual_(current_nice()), may_change_(may_be_raised_again()) {}

void fold_weight::lower() {
  if (!may_change_ || lowered_) return;
  lowered_ = set_nice(lower_nice);
}

void fold_weight::raise() {
  if (!lowered_) return;
  lowered_ = !set_nice(usual_);
}

}  // namespace sonde::views
