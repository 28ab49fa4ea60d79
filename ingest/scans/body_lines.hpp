#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sonde::ingest {

/// Splits a body that holds one JSON value per line (NDJSON, JSON Lines) into lines. Skips blank
/// lines but counts them, so that line numbers match those of an editor.
///
/// A line ends at a line feed, which a JSON text never contains unescaped (RFC 8259, section 7), or
/// at the end of the body. Reads the bytes passed to the constructor and does not copy them.
class body_lines {
 public:
  struct line {
    std::size_t number = 0;  ///< starting at 1
    std::string_view text;   ///< without its line end; not blank
  };

  explicit body_lines(std::string_view body) : rest_(body) {}

  /// Returns the next line, or nothing at the end of the body.
  [[nodiscard]] std::optional<line> next();

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

/// Counts the lines that `next` returns.
[[nodiscard]] std::size_t count_lines(std::string_view body);

}  // namespace sonde::ingest
