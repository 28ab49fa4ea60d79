#pragma once

#include <string>
#include <vector>

namespace sonde::client {

/// Rows of as many cells as the first one has, one a line, with two spaces between the columns.
/// Each column but the last is as wide as its longest cell, in bytes.
[[nodiscard]] std::string in_columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace sonde::client
