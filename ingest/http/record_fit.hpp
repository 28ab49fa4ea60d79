#pragma once

#include "base/record.hpp"
#include "base/result.hpp"
#include "model/facts/comment.hpp"
#include "model/facts/entity.hpp"

#include <cstddef>

namespace sonde::ingest {

/// Checks the size of a submitted record: submitted data is never truncated. Returns
/// `errc::too_large` for a record larger than `most` bytes, which is
/// `queue::limits::record_max_bytes`. The error names the largest field, its size and the limit.
[[nodiscard]] result<> check_fits(const record& one, const model::entity& what, std::size_t most);
[[nodiscard]] result<> check_fits(const record& one, const model::comment& what, std::size_t most);
/// Checks the ports of a scan, as text. The limit is a share of `record_bytes`.
[[nodiscard]] result<> check_ports_fit(const std::string& ports, std::size_t record_bytes);

}  // namespace sonde::ingest
