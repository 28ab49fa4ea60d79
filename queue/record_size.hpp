#pragma once

#include "base/record.hpp"
#include "base/record_size.hpp"
#include "base/result.hpp"

#include <cstddef>

namespace sonde::queue {

using sonde::size_of;

/// Fails with `errc::too_large` if the record is larger than `most` bytes.
[[nodiscard]] result<> check_size(const record& one, std::size_t most);

/// Checks the total size of records that are produced together. A batch that would not fit even
/// into an empty queue fails permanently with `errc::too_large`, not with `errc::busy`.
[[nodiscard]] result<> check_batch_size(std::size_t size, std::size_t most);

}  // namespace sonde::queue
