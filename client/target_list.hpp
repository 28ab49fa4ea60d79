#pragma once

#include "base/result.hpp"

#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::client {

/// Parses a list of targets, one per line: UTF-8 with or without a byte order mark, lines that end
/// with LF or CRLF. Skips blank lines and comments. A comment is `#` at the beginning of a line or
/// after white space, and the rest of the line.
class target_lines {
 public:
  /// Takes the next line, without LF. Returns its target; no value if it has none.
  [[nodiscard]] std::optional<std::string> take(std::string_view line);

 private:
  bool first_ = true;
};

/// Reads every target of a list, in order. Errors call the list `name`. Errors: `errc::usage` if
/// the list cannot be read to its end.
[[nodiscard]] result<std::vector<std::string>> read_targets(std::istream& from,
                                                            const std::string& name);

/// Reads every target of a list in a file.
[[nodiscard]] result<std::vector<std::string>> read_target_file(const std::string& file);

}  // namespace sonde::client
