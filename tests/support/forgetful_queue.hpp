#pragma once

#include "queue/errc.hpp"
#include "queue/forwarding_backend.hpp"

#include <atomic>
#include <string>
#include <vector>

namespace sonde::test {

/// Refuses to return the ends of its topics while `forgetful` is set. For a situation that no real
/// queue produces on demand.
class forgetful_queue final : public queue::forwarding_backend {
 public:
  using forwarding_backend::forwarding_backend;
  awaitable<result<std::vector<queue::position>>> ends(std::vector<std::string> topics) override {
    if (forgetful) co_return fail(queue::errc::unavailable);
    co_return co_await inner().ends(std::move(topics));
  }
  std::atomic<bool> forgetful = false;
};

}  // namespace sonde::test
