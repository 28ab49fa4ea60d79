#pragma once

#include "model/observation.hpp"

#include <span>
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

/// A word of a greeting, and the product that writes it.
struct known_product {
  std::string_view word;
  std::string_view product;
};
/// The first product of the table whose word the text holds, and the version if it follows at
/// once: `Exim 4.96`, `Sendmail 8.15.2/8.15.2`. False: none.
bool find_product(std::string_view text, std::span<const known_product> table,
                  model::service_observation& service);

/// Replaces every date and time by `*`: RFC 5322's, `ctime`'s, RFC 3339's, and `15:04:05` alone.
[[nodiscard]] std::string mask_times(std::string_view text);

/// Replaces long words of letters and digits by `*`, as servers make them up for each connection.
[[nodiscard]] std::string mask_ids(std::string_view text);

/// Replaces what stands between `before` and the next `close`, everywhere.
[[nodiscard]] std::string mask_behind(std::string_view text, std::string_view before, char close);

}  // namespace sonde::scanner
