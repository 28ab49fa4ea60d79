#pragma once

#include "base/result.hpp"
#include "views/task_view.hpp"

#include <string>
#include <string_view>

namespace sonde::ingest {

/// Encodes the end of a page of scans as the cursor of the next one: 68 characters that need no
/// encoding in a query. It contains nothing but the last scan of that page.
[[nodiscard]] std::string to_cursor(const views::list_place& place);

/// Decodes a cursor; `errc::invalid` for any other text.
[[nodiscard]] result<views::list_place> parse_cursor(std::string_view text);

}  // namespace sonde::ingest
