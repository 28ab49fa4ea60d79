#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sonde::client {

/// A cell: the first line of a text, cut to `longest` bytes; `-` for an empty text.
[[nodiscard]] std::string cell_of(const std::string& text, std::size_t longest);

/// Rows of as many cells as the first one has, one a line, with two spaces between the columns.
/// Each column but the last is as wide as its longest cell, in bytes.
[[nodiscard]] std::string in_columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace sonde::client
