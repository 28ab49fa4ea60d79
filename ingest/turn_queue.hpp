#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <utility>

namespace sonde::ingest {

/// Lets a few coroutines of one loop at a time do something that is expensive; the others wait in
/// the order in which they came, and one that leaves wakes exactly one.
///
/// Lives on one loop; outlives its turns and whoever waits for one.
class turn_queue {
 public:
  turn_queue(executor loop, std::uint32_t at_once) : loop_(std::move(loop)), free_(at_once) {}
  turn_queue(const turn_queue&) = delete;
  turn_queue& operator=(const turn_queue&) = delete;

  /// Ends its turn when it is destroyed.
  class turn {
   public:
    explicit turn(turn_queue& of) : of_(&of) {}
    turn(turn&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    ~turn() {
      if (of_ != nullptr) of_->leave();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    turn& operator=(turn&& other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }

   private:
    turn_queue* of_;
  };

  /// Nothing: it was not this one's turn until the deadline.
  awaitable<std::optional<turn>> wait(steady_time deadline);

 private:
  struct waiter {
    asio::steady_timer timer;
    bool called = false;
  };

  void leave();

  executor loop_;
  std::uint32_t free_;
  std::list<waiter*> waiting_;
};

}  // namespace sonde::ingest
