#pragma once

#include "base/result.hpp"
#include "views/task_view.hpp"

#include <optional>
#include <string>

namespace sonde::ingest {

/// The answer to an id that is none.
[[nodiscard]] error no_scan_id(const std::string& id);

/// Whether a scan that was looked for can be told about: `errc::not_found` where there is none for
/// this caller, which is also what the view says of a hidden one; `errc::gone` where it is too old.
[[nodiscard]] result<> check_found(const std::optional<views::found_task>& found);

}  // namespace sonde::ingest
