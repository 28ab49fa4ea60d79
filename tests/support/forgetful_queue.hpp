#pragma once

#include "queue/errc.hpp"
#include "queue/forwarding_backend.hpp"

#include <atomic>
#include <string>
#include <vector>

namespace sonde::test {

/// Forgets, for as long as it is told to, where its topics end. For what no real queue does at
/// will.
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
