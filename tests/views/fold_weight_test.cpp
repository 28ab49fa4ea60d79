#include "views/fold_weight.hpp"

#include "tests/support/doctest.hpp"

#include <sys/resource.h>
#include <thread>

namespace sonde::views {

TEST_CASE("a thread that lowered its priority gets its usual priority back") {
  fold_weight weight;
  int before = getpriority(PRIO_PROCESS, 0);
  int lowered = before;
  int after = before - 1;
  std::thread folding([&] {
    weight.lower();
    lowered = getpriority(PRIO_PROCESS, 0);
    weight.lower();
    weight.raise();
    after = getpriority(PRIO_PROCESS, 0);
    weight.raise();
  });
  folding.join();
  CHECK(lowered >= before);  // the same if the process may not raise its priority again
  CHECK(after == before);
  CHECK(getpriority(PRIO_PROCESS, 0) == before);
}

}  // namespace sonde::views
