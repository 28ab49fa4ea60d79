#include "base/record_size.hpp"

namespace sonde {

std::size_t size_of(const record& one) {
  std::size_t size = one.key.size() + one.value.size();
  for (const auto& [name, value] : one.headers)
    size += name.size() + value.size();
  return size;
}

}  // namespace sonde
