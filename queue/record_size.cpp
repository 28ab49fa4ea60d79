#include "queue/record_size.hpp"

#include "queue/errc.hpp"

namespace sonde::queue {

result<> check_size(const record& one, std::size_t most) {
  auto size = size_of(one);
  if (size <= most) return {};
  return fail(errc::too_large, "a record of " + std::to_string(size) + " bytes; " +
                                   std::to_string(most) + " is the most");
}

result<> check_batch_size(std::size_t size, std::size_t most) {
  if (size <= most) return {};
  return fail(errc::too_large, "a batch of " + std::to_string(size) + " bytes; " +
                                   std::to_string(most) + " is the most that may wait");
}

}  // namespace sonde::queue
