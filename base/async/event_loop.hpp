#pragma once

#include "base/async/asio.hpp"

#include <string>
#include <thread>

namespace sonde {

/// One named thread that runs one `io_context`.
///
/// What lives on a loop is touched only by that loop's thread; others reach it through
/// `call_on` and `spawn_on`. Created and joined by whoever wires the program together.
class event_loop {
 public:
  explicit event_loop(std::string name);
  /// Joins, if `join` was not called.
  ~event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] asio::io_context& context() { return context_; }
  [[nodiscard]] executor get_executor() { return context_.get_executor(); }

  /// Starts the thread, once. Work posted before is kept and runs then. `nice` is added to the nice
  /// value of the process, for this thread only: a higher value gives way to other threads.
  void start(int nice = 0);
  /// Waits until nothing is left to do on the loop, and for its thread. Idempotent. Everything
  /// that lives on the loop must have been stopped first, or this waits for it.
  void join();

 private:
  std::string name_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace sonde
