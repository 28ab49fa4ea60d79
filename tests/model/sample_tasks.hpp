#pragma once

#include "model/task_fold.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

/// The task of one address, for tests of its life.
namespace sonde::model::sample_tasks {

inline constexpr std::uint32_t kept = 3;

inline wall_time at(int second) {
  return wall_time(std::chrono::seconds(1'767'323'045 + second));
}

inline scan_request request(std::uint64_t generation, int second = 0) {
  scan_request r;
  r.target = target::parse("203.0.113.1").value();
  r.profile = "standard";
  r.scope = {"public"};
  r.key = key_of(r.target, r.profile, r.scope);
  r.generation = generation;
  r.requested = at(second);
  return r;
}

/// A task of this generation, folded up to this offset.
inline scan_task task(std::uint64_t generation, std::int64_t offset) {
  return fold(std::nullopt, request(generation), offset, kept);
}

}  // namespace sonde::model::sample_tasks
