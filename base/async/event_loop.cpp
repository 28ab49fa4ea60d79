#include "base/async/event_loop.hpp"

#include <pthread.h>
#include <sys/resource.h>

namespace sonde {

event_loop::event_loop(std::string name)
    : name_(std::move(name)), work_(asio::make_work_guard(context_)) {}

event_loop::~event_loop() {
  join();
}

void event_loop::start(int nice) {
  if (thread_.joinable()) return;
  thread_ = std::thread([this, nice] {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    // On Linux this affects only the calling thread.
    if (nice > 0) setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + nice);
    context_.run();
  });
}

void event_loop::join() {
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

}  // namespace sonde
