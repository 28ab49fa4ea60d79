#pragma once

#include "model/scan/observation.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// Up to the first CR or LF.
[[nodiscard]] std::string_view line_of(std::string_view text);
[[nodiscard]] bool starts_with_digits(std::string_view text, std::size_t count);
/// The version of a first line that consists of `start` and a version of digits and dots. Empty if
/// the line is another one or has not ended.
[[nodiscard]] std::string_view version_line(std::string_view text, std::string_view start);
/// The value of the first field with this name in a JSON object without nested objects: a text
/// without its quotes, a number, `true`. The field is found by its bytes. Empty if there is none.
[[nodiscard]] std::string_view flat_json_field(std::string_view json, std::string_view name);

/// A product and its version, as in `nginx/1.22.1` or `OpenSSH_9.2p1`: the words before and
/// after the first `separator` that a digit follows.
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
