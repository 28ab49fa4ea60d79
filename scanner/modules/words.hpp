#pragma once

#include <string>
#include <string_view>

namespace sonde::scanner {

/// Up to the first CR or LF.
[[nodiscard]] std::string_view line_of(std::string_view text);
[[nodiscard]] bool starts_with_digits(std::string_view text, std::size_t count);
/// ASCII letters compared without regard to case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] bool contains_ignoring_case(std::string_view text, std::string_view word);

/// A product and its version, as in `nginx/1.22.1` or `OpenSSH_9.2p1`: the words before and
/// behind the first `separator` that a digit follows.
struct product_version {
  std::string product;
  std::string version;
};
[[nodiscard]] product_version split_version(std::string_view text, char separator);

/// Replaces every date and time that looks like RFC 5322's or `15:04:05` by `*`.
[[nodiscard]] std::string mask_times(std::string_view text);

}  // namespace sonde::scanner
