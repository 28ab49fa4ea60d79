#include "queue/record_size.hpp"

#include "queue/errc.hpp"

#include <fmt/core.h>

namespace sonde::queue {

result<> check_size(const record& one, std::size_t most) {
  auto size = size_of(one);
  if (size <= most) return {};
  return fail(errc::too_large,
              fmt::format("the record has {} bytes; at most {} are allowed", size, most));
}

result<> check_batch_size(std::size_t size, std::size_t most) {
  if (size <= most) return {};
  return fail(errc::too_large,
              fmt::format("the batch has {} bytes; at most {} bytes may wait to become durable",
                          size, most));
}

}  // namespace sonde::queue
