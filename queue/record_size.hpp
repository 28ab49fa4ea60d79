#pragma once

#include "base/record.hpp"
#include "base/record_size.hpp"
#include "base/result.hpp"

#include <cstddef>

namespace sonde::queue {

using sonde::size_of;

/// `errc::too_large` beyond `most` bytes.
[[nodiscard]] result<> check_size(const record& one, std::size_t most);

/// The same of records that are produced together: a batch that could not be accepted if nothing
/// else waited is refused for good, and not as `busy`.
[[nodiscard]] result<> check_batch_size(std::size_t size, std::size_t most);

}  // namespace sonde::queue
