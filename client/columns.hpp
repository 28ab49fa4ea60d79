#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sonde::client {

/// Returns a table cell: the first line of `text`, cut to `longest` bytes, or `-` if `text` is
/// empty.
[[nodiscard]] std::string cell_of(const std::string& text, std::size_t longest);

/// Formats a table, one row per line, with two spaces between the columns. Every row has as many
/// cells as the first one. Each column except the last is as wide as its longest cell, in bytes.
[[nodiscard]] std::string in_columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace sonde::client
