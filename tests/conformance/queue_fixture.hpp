#pragma once

#include "queue/io.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sonde::test {

/// One backend under the conformance suite. The suite knows nothing else of it.
class queue_fixture {
 public:
  virtual ~queue_fixture() = default;

  /// A queue that has these topics, all empty. Called once for each fixture.
  virtual queue::backend& open(std::vector<queue::topic_spec> topics) = 0;
  /// Closes it and opens it again, as a process that starts anew would.
  virtual queue::backend& reopen() = 0;
  /// Lets time pass and the backend tidy up, as far as it can be asked to; what a test says
  /// afterwards holds whether or not anything has been tidied yet.
  virtual void tidy() = 0;
  /// False where what was written ends with the process.
  [[nodiscard]] virtual bool durable() const = 0;
};

struct queue_kind {
  std::string name;
  std::function<std::unique_ptr<queue_fixture>()> make;
};

/// The backends there are. A new one becomes part of the suite by a line here.
[[nodiscard]] const std::vector<queue_kind>& queue_kinds();

}  // namespace sonde::test
