#pragma once

#include "base/result.hpp"
#include "model/ids.hpp"
#include "views/task_view.hpp"

#include <optional>
#include <string>

namespace sonde::ingest {

/// The answer to an id that is none.
[[nodiscard]] error no_scan_id(const std::string& id);

/// Whether these groups may hear of a scan that was looked for: `errc::not_found` where there is
/// none or it is hidden from them, which are the same to them; `errc::gone` where it is too old.
[[nodiscard]] result<> check_found(const std::optional<views::found_task>& found,
                                   const model::group_list& groups);

}  // namespace sonde::ingest
