#pragma once

#include "base/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace sonde::model {

using json = nlohmann::json;

/// Parses a text from outside. Refuses, with a reason and a position: violations of RFC 8259, text
/// that is not UTF-8, NUL bytes, nesting beyond `depth`, and duplicate keys in one object. The
/// caller must bound the size of the text.
[[nodiscard]] result<json> parse_json(std::string_view text, std::uint32_t depth);

/// Parses a text that this program wrote. Returns null for any other text.
///
/// Only this function and `to_text` instantiate nlohmann's parser and serialiser, which add seconds
/// to the build time of a file.
[[nodiscard]] json parse_own(std::string_view text);

/// Returns the value on one line. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string to_text(const json& value);

/// Fails unless `object` is an object with no fields beyond `known`. If a field resembles a known
/// name, the error suggests that name.
[[nodiscard]] result<> check_fields(const json& object,
                                    std::initializer_list<std::string_view> known);

/// Returns the word of `known` that is nearest to `word`, or an empty text if no word is near
/// enough.
[[nodiscard]] std::string_view nearest_word(std::string_view word,
                                            const std::vector<std::string_view>& known);

}  // namespace sonde::model
