#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace sonde {

/// Fills what it is given with bytes that nobody can guess. Passed in, so that tests decide what
/// they are. Thread-safe.
using random_source = std::function<void(std::span<std::byte>)>;

/// The kernel's own (getrandom(2)). Throws where it has none, which is no state to go on in.
void kernel_random(std::span<std::byte> into);

}  // namespace sonde
