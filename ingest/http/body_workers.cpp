#include "ingest/http/body_workers.hpp"

#include "ingest/errc.hpp"

#include <algorithm>

namespace sonde::ingest {
namespace {

/// Upper limit for the configured number of threads.
constexpr std::uint32_t most_threads = 64;
/// Large bodies get a third of the CPU time of the small requests, folding and scans beside them.
constexpr int check_nice = 5;

}  // namespace

std::string turn_of(const caller& who) {
  return who.user_id.empty() ? who.key_id : who.user_id;
}

/// A waiter in its caller's queue while this object lives.
class body_workers::place_in_line {
 public:
  place_in_line(body_workers& of, const std::string& caller)
      : of_(of), caller_(caller), self_(of.loop_) {
    of_.line_of(caller_).waiters.push_back(&self_);
    ++of_.waiting_;
  }
  ~place_in_line() {
    if (self_.thread != nullptr) {
      if (!taken_) of_.give_back(*self_.thread);
      return;
    }
    auto here = std::ranges::find(of_.lines_, caller_, &line::caller);
    std::erase(here->waiters, &self_);
    if (here->waiters.empty()) of_.lines_.erase(here);
    --of_.waiting_;
  }
  place_in_line(const place_in_line&) = delete;
  place_in_line& operator=(const place_in_line&) = delete;

  awaitable<bool> wait_until(steady_time until) { return self_.called.wait_until(until); }
  [[nodiscard]] bool called() const { return self_.thread != nullptr; }
  [[nodiscard]] event_loop& take() {
    taken_ = true;
    return *self_.thread;
  }

 private:
  body_workers& of_;
  std::string caller_;
  waiter self_;
  bool taken_ = false;
};

body_workers::body_workers(executor loop, const http_limits& limits, const clock& clock)
    : loop_(std::move(loop)), limits_(limits), clock_(clock) {
  auto count = std::clamp(limits.work_threads, 1U, most_threads);
  for (std::uint32_t i = 0; i < count; ++i) {
    threads_.push_back(std::make_unique<event_loop>("check-" + std::to_string(i)));
    threads_.back()->start(check_nice);
    idle_.push_back(threads_.back().get());
  }
}

body_workers::~body_workers() {
  stop();
}

void body_workers::stop() {
  for (auto& thread : threads_)
    thread->join();
}

body_workers::line& body_workers::line_of(const std::string& caller) {
  auto found = std::ranges::find(lines_, caller, &line::caller);
  if (found != lines_.end()) return *found;
  return lines_.emplace_back(line{caller, {}});
}

awaitable<result<>> body_workers::take_turn(std::string caller, steady_time until,
                                            std::unique_ptr<turn>& mine) {
  if (!idle_.empty()) {
    mine = std::make_unique<turn>(*this, *idle_.back());
    idle_.pop_back();
    co_return result<>();
  }
  if (waiting_ >= limits_.work_waiting) {
    co_return fail(errc::unavailable,
                   "too many large requests wait to be checked; try again later");
  }
  auto found = std::ranges::find(lines_, caller, &line::caller);
  if (found != lines_.end() && found->waiters.size() >= limits_.work_waiting_per_caller) {
    co_return fail(errc::unavailable, std::to_string(found->waiters.size()) +
                                          " of your large requests wait to be checked, which is "
                                          "the limit; wait for their responses");
  }
  place_in_line place(*this, caller);
  co_await place.wait_until(until);
  if (!place.called()) {
    co_return fail(errc::unavailable, "the large request was not checked in time; try again later");
  }
  mine = std::make_unique<turn>(*this, place.take());
  co_return result<>();
}

void body_workers::give_back(event_loop& thread) {
  if (lines_.empty()) {
    idle_.push_back(&thread);
    return;
  }
  auto first = lines_.begin();
  auto* next = first->waiters.front();
  first->waiters.pop_front();
  --waiting_;
  // The caller's next job comes after one job of each other caller.
  if (first->waiters.empty()) {
    lines_.erase(first);
  } else {
    lines_.splice(lines_.end(), lines_, first);
  }
  next->thread = &thread;
  next->called.notify_all();
}

}  // namespace sonde::ingest
