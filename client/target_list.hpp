#pragma once

#include "base/result.hpp"

#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::client {

/// Understands a list of targets, one a line: UTF-8 with or without a byte order mark, lines that
/// end with LF or CRLF. Blank lines are passed over, and comments: `#` at the beginning of a line
/// or after white space, up to the line's end.
class target_lines {
 public:
  /// The target on the next line; nothing where there is none. `line` has no LF.
  [[nodiscard]] std::optional<std::string> take(std::string_view line);

 private:
  bool first_ = true;
};

/// Every target of a list, in its order. `name` is what errors call the list. Errors: `errc::usage`
/// where it cannot be read to its end.
[[nodiscard]] result<std::vector<std::string>> read_targets(std::istream& from,
                                                            const std::string& name);

/// The same from a file.
[[nodiscard]] result<std::vector<std::string>> read_target_file(const std::string& file);

}  // namespace sonde::client
