#include "ingest/http/refusal_log.hpp"

#include <fmt/core.h>

#include <chrono>
#include <string>

namespace sonde::ingest {

refusal_log::refusal_log(executor loop, logger& log, std::uint32_t lines,
                         std::chrono::milliseconds minute)
    : log_(log),
      most_lines_(lines),
      window_(minute),
      minute_(std::move(loop), [this] { sum_up(); }) {}

bool refusal_log::note(unsigned status) {
  if (seen_++ == 0) minute_.arm(std::chrono::steady_clock::now() + window_);
  if (seen_ <= most_lines_) return true;
  ++unlogged_[status];
  return false;
}

void refusal_log::finish() {
  minute_.disarm();
  sum_up();
}

void refusal_log::sum_up() {
  seen_ = 0;
  if (unlogged_.empty()) return;
  std::int64_t all = 0;
  std::string by_status;
  for (const auto& [status, count] : unlogged_) {
    all += static_cast<std::int64_t>(count);
    by_status += fmt::format("{}{}:{}", by_status.empty() ? "" : " ", status, count);
  }
  unlogged_.clear();
  log_.warning("requests refused; not logged individually",
               {{"requests", all}, {"by_status", by_status}});
}

}  // namespace sonde::ingest
