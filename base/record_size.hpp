#pragma once

#include "base/record.hpp"

#include <cstddef>

namespace sonde {

/// Returns the bytes that count toward `record_max_bytes`: key, value, and headers with their
/// names.
[[nodiscard]] std::size_t size_of(const record& one);

}  // namespace sonde
