#pragma once

#include "model/text/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::model {

/// Shortens values so that their records keep to `record_max_bytes`. Sizes are those of the encoded
/// text: a quote counts two bytes, a control character six. Pure.

/// The minimum of `record_max_bytes`. Every builder keeps to any limit from this value on.
inline constexpr std::size_t least_record_bytes = 65'536;
/// The default value of `record_max_bytes`.
inline constexpr std::size_t usual_record_bytes = 900 * 1024;

/// Returns the size in bytes of a text inside the quotes of a JSON string, as `to_text` writes it.
/// This is an upper bound: text that is not UTF-8 counts a replacement character for each of its
/// bytes beyond ASCII.
[[nodiscard]] std::size_t encoded_size(std::string_view text);
/// Returns the longest prefix of a text with at most `most_bytes` in encoded form. No code point is
/// cut.
[[nodiscard]] std::string_view cut_encoded(std::string_view text, std::size_t most_bytes);
/// Like `cut_encoded`, with `…` at the end if the text was cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most_bytes);

/// Shortens an entity's attributes until their JSON has at most `most_bytes`. Halves the longest
/// attribute repeatedly, and removes it when little of it is left. The main value is unchanged.
/// After a cut, `truncated` is true, and `<name>-total` has the original number of values of a
/// list, or of bytes of a text.
void shorten_attributes(json& attributes, std::string_view main_name, std::size_t most_bytes);

}  // namespace sonde::model
