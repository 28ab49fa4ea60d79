#include "base/random.hpp"

#include <cerrno>
#include <stdexcept>
#include <sys/random.h>

namespace sonde {

void kernel_random(std::span<std::byte> into) {
  while (!into.empty()) {
    auto got = getrandom(into.data(), into.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("the kernel returned no random bytes");
    into = into.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace sonde
