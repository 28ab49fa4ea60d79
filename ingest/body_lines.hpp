#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sonde::ingest {

/// The lines of a body that holds a JSON value on each (NDJSON, JSON Lines). Lines of blanks alone
/// are passed over, but counted, so that a number is the one that an editor shows.
///
/// A line ends at a line feed, which no JSON text holds unescaped (RFC 8259, section 7), or with
/// the body. Looks at the bytes it was made with and copies none.
class body_lines {
 public:
  struct line {
    std::size_t number = 0;  ///< from 1
    std::string_view text;   ///< without its end; not blank
  };

  explicit body_lines(std::string_view body) : rest_(body) {}

  /// Nothing: there are no more.
  [[nodiscard]] std::optional<line> next();

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

/// How many `next` would give.
[[nodiscard]] std::size_t count_lines(std::string_view body);

}  // namespace sonde::ingest
