#pragma once

#include "model/scan/task_fold.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

/// The task of one address, for tests of its lifecycle.
namespace sonde::model::sample_tasks {

inline constexpr std::uint32_t kept = 3;

inline wall_time at(int second) {
  return wall_time(std::chrono::seconds(1'767'323'045 + second));
}

inline scan_request request(std::uint64_t generation, int second = 0) {
  scan_request r;
  r.target = target::parse("203.0.113.1").value();
  r.profile = "standard";
  r.visibility = {"public"};
  r.key = key_of(r.target, r.profile, r.visibility);
  r.generation = generation;
  r.requested = at(second);
  return r;
}

/// Returns a task of this generation, folded up to this offset.
inline scan_task task(std::uint64_t generation, std::int64_t offset) {
  return fold(std::nullopt, request(generation), offset, kept);
}

/// Returns the task after its current generation has been scanned completely.
inline scan_task done(scan_task t) {
  return ended(started(std::move(t), at(1)), {outcome_kind::complete, "all said"}, at(2));
}

}  // namespace sonde::model::sample_tasks
