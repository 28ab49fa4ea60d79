#pragma once

#include "queue/io.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sonde::test {

/// One backend under the conformance suite. The suite uses the backend only through this interface.
class queue_fixture {
 public:
  virtual ~queue_fixture() = default;

  /// Opens a queue that has these topics, all empty. The suite calls it once for each fixture.
  virtual queue::backend& open(std::vector<queue::topic_spec> topics) = 0;
  /// Closes the queue and opens it again, as a restarted process does.
  virtual queue::backend& reopen() = 0;
  /// Advances the clock and starts the backend's cleanup where the backend allows it. What a test
  /// checks afterwards holds whether or not the cleanup has run.
  virtual void tidy() = 0;
  /// False if the records are lost when the process ends.
  [[nodiscard]] virtual bool durable() const = 0;
};

struct queue_kind {
  std::string name;
  std::function<std::unique_ptr<queue_fixture>()> make;
};

/// All backends. To add a backend to the suite, add a line here.
[[nodiscard]] const std::vector<queue_kind>& queue_kinds();

}  // namespace sonde::test
