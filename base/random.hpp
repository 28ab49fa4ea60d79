#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace sonde {

/// Fills the given span with unpredictable bytes. It is passed in, so that tests can set the bytes.
/// Thread-safe.
using random_source = std::function<void(std::span<std::byte>)>;

/// Reads random bytes from the kernel (getrandom(2)). Throws if the kernel has none, because the
/// process cannot continue safely then.
void kernel_random(std::span<std::byte> into);

}  // namespace sonde
