#pragma once

#include "base/result.hpp"
#include "model/facts/data_type.hpp"
#include "model/net/address_scope.hpp"
#include "model/text/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::model {

/// The limit of a value in bytes, before and after the conversion to canonical form.
constexpr std::size_t longest_value = 65'536;
/// The limit of a regular expression in bytes. RE2 needs up to 60 us for each byte
/// (case-insensitive Unicode classes). Shared indicators have a few hundred bytes.
constexpr std::size_t longest_regex = 4'096;
/// The memory limit of a compiled regular expression: 10,000 instructions of an RE2 program.
/// Flattening a program takes time by the square of its size: 50 ms for this size, and 250 ms for
/// the default of RE2, 8 MiB.
constexpr std::size_t regex_memory_bytes = 256 * 1024;

/// Returns a value of a data type in its canonical form. The id of an entity is computed from this
/// form.
///
/// Every data type accepts text. Integer and Float also accept a JSON number, and Boolean accepts
/// true and false. Fails with `errc::invalid_value` and a sentence that names the error and the
/// correction. The canonical form of a canonical form is the same text.
///
/// An IP address (including those of a network or an endpoint) must identify the same host for
/// every reader (`address_class::meaningful`), or `scope` must allow it. An address that does is
/// accepted even if `scope` denies it, because nothing is sent there.
[[nodiscard]] result<std::string> canonical_value(data_type type, const json& value,
                                                  const address_scope& scope);
/// Like `canonical_value`, for a value that is text.
[[nodiscard]] result<std::string> canonical_text(data_type type, std::string_view text,
                                                 const address_scope& scope);

/// Returns an upper bound of the work of `canonical_value`, in units of about a microsecond. Reads
/// the bytes once.
[[nodiscard]] std::uint64_t value_work(data_type type, const json& value);

}  // namespace sonde::model
