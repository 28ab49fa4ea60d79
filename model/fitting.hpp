#pragma once

#include "model/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::model {

/// Shortening what is built for a topic, so that its record keeps to `record_max_bytes`. Sizes are
/// those of the encoded text: a quote counts two bytes, a control character six. Pure.

/// The least value of `record_max_bytes`; for any limit from here on, every builder keeps to it.
inline constexpr std::size_t least_record_bytes = 65'536;
/// The default value of `record_max_bytes`.
inline constexpr std::size_t usual_record_bytes = 900 * 1024;

/// The bytes of a text inside the quotes of a JSON string, as `to_text` writes it. At most: text
/// that is not UTF-8 counts a replacement character for each of its bytes beyond ASCII.
[[nodiscard]] std::size_t encoded_size(std::string_view text);
/// The beginning of a text that has at most `most_bytes` once it is encoded; no code point is cut.
[[nodiscard]] std::string_view cut_encoded(std::string_view text, std::size_t most_bytes);
/// The same, with `…` at its end where something was cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most_bytes);

/// Leaves out of an entity's attributes as much as needed, so that their JSON has at most
/// `most_bytes`: the longest one is halved, again and again, and goes when little of it is left.
/// The main value stays as it is. `truncated` is true then, and `<name>-total` says how many values
/// a list had, or how many bytes a text.
void shorten_attributes(json& attributes, std::string_view main_name, std::size_t most_bytes);

}  // namespace sonde::model
