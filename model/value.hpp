#pragma once

#include "base/result.hpp"
#include "model/address_scope.hpp"
#include "model/data_type.hpp"
#include "model/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::model {

/// The most bytes of a value, before and after it is brought into its canonical form.
constexpr std::size_t longest_value = 65'536;
/// The most bytes of a regular expression. RE2 parses up to 60 us of each byte (Unicode classes,
/// whatever the case), and the indicators that people share have a few hundred.
constexpr std::size_t longest_regex = 4'096;
/// What a compiled regular expression may take; 10,000 instructions of RE2's programs. Flattening a
/// program takes time by the square of its size: 50 ms for one of this size, and 250 ms for one of
/// RE2's own 8 MiB.
constexpr std::size_t regex_memory_bytes = 256 * 1024;

/// A value of a data type in its canonical form, of which its entity's id is made.
///
/// Text stands for every data type; a JSON number also for Integer and Float, true and false for
/// Boolean. What is refused is refused by `errc::invalid_value`, with a sentence that names the
/// trouble and the mend. The canonical form is accepted again and is its own.
///
/// An IP address (also of a network or an endpoint) must mean the same to everybody
/// (`address_class::meaningful`) or be allowed by `scope`. One that does is accepted even where
/// `scope` denies it: nothing is sent there.
[[nodiscard]] result<std::string> canonical_value(data_type type, const json& value,
                                                  const address_scope& scope);
/// The same for a value that is text.
[[nodiscard]] result<std::string> canonical_text(data_type type, std::string_view text,
                                                 const address_scope& scope);

/// At most what `canonical_value` takes for it, in units of about a microsecond. Looks at the bytes
/// once.
[[nodiscard]] std::uint64_t value_work(data_type type, const json& value);

}  // namespace sonde::model
