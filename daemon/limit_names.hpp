#pragma once

#include "daemon/limits.hpp"

#include <cstdint>
#include <span>

namespace sonde::daemon {

/// Limit by its name in `[limits]`.
struct limit_name {
  const char* name;
  std::uint32_t limits::*member;
  const char* description;
  std::int64_t least = 1;
};

[[nodiscard]] std::span<const limit_name> limit_names();

}  // namespace sonde::daemon
