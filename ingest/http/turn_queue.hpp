#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <utility>

namespace sonde::ingest {

/// Limits how many coroutines of one loop do an expensive operation at a time. The others wait in
/// order of arrival; a leaving coroutine wakes exactly one.
///
/// Lives on one loop; outlives its turns and all waiting coroutines.
class turn_queue {
 public:
  turn_queue(executor loop, std::uint32_t at_once) : loop_(std::move(loop)), free_(at_once) {}
  turn_queue(const turn_queue&) = delete;
  turn_queue& operator=(const turn_queue&) = delete;

  /// Ends its turn on destruction.
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

  /// Waits for a turn. Returns nothing if the deadline passes first.
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
