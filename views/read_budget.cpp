#include "views/read_budget.hpp"

#include <algorithm>
#include <ctime>

namespace sonde::views {
namespace {

/// The number of lookups between two clock reads, which takes about 100 us. Reading a thread's
/// clock is a system call of about 0.2 us.
constexpr std::size_t counts_per_clock = 64;

}  // namespace

std::chrono::nanoseconds thread_cpu_time() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

read_budget::read_budget(const limits& limits)
    : rows_(limits.read_rows),
      most_bytes_(limits.http_answer_bytes),
      end_(thread_cpu_time() + std::chrono::milliseconds(limits.read_ms)) {}

void read_budget::count(std::size_t rows) {
  rows_ -= std::min(rows_, rows);
  if (until_clock_ > rows) {
    until_clock_ -= rows;
    return;
  }
  until_clock_ = counts_per_clock;
  late_ = late_ || thread_cpu_time() > end_;
}

}  // namespace sonde::views
