#pragma once

#include "base/async/asio.hpp"

#include <string>
#include <thread>

namespace sonde {

/// One named thread that runs one `io_context`.
///
/// Only the loop's thread touches the objects that live on the loop. Other threads reach them
/// through `run_on` (`run_on` and `run_coroutine_on`). The code that assembles the program creates
/// and joins loops.
class event_loop {
 public:
  explicit event_loop(std::string name);
  /// Joins the thread if `join` was not called.
  ~event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] asio::io_context& context() { return context_; }
  [[nodiscard]] executor get_executor() { return context_.get_executor(); }

  /// Starts the thread, once. Work that was posted before is kept and runs then. `nice` is added to
  /// the nice value of the process, for this thread only. A higher value gives way to other
  /// threads.
  void start(int nice = 0);
  /// Waits until the loop has no work left and its thread has ended. Idempotent. Stop everything
  /// that lives on the loop first, or this waits for it.
  void join();

 private:
  std::string name_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace sonde
