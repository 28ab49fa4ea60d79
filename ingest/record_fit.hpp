#pragma once

#include "base/record.hpp"
#include "base/result.hpp"
#include "model/comment.hpp"
#include "model/entity.hpp"

#include <cstddef>

namespace sonde::ingest {

/// What callers submit is never shortened: `errc::too_large` for a record beyond `most` bytes, the
/// `limits::record_max_bytes`. The sentence names the largest field, its size and the limit.
[[nodiscard]] result<> check_fits(const record& one, const model::entity& what, std::size_t most);
[[nodiscard]] result<> check_fits(const record& one, const model::comment& what, std::size_t most);
/// The ports of a scan, as text; the limit is a share of `record_bytes`.
[[nodiscard]] result<> check_ports_fit(const std::string& ports, std::size_t record_bytes);

}  // namespace sonde::ingest
