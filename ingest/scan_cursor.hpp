#pragma once

#include "base/result.hpp"
#include "views/task_view.hpp"

#include <string>
#include <string_view>

namespace sonde::ingest {

/// Where a page of scans has ended, for whoever asks for the next one: 68 characters that may stand
/// in a query as they are. It says nothing beyond the last scan of that page.
[[nodiscard]] std::string to_cursor(const views::list_place& place);

/// The inverse; `errc::invalid` for anything else.
[[nodiscard]] result<views::list_place> parse_cursor(std::string_view text);

}  // namespace sonde::ingest
