#pragma once

#include "base/record.hpp"
#include "base/record_size.hpp"
#include "base/result.hpp"

#include <cstddef>

namespace sonde::queue {

using sonde::size_of;

/// `errc::too_large` beyond `most` bytes.
[[nodiscard]] result<> check_size(const record& one, std::size_t most);

}  // namespace sonde::queue
