#pragma once

#include "base/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace sonde::model {

using json = nlohmann::json;

/// Parses a text from outside. Refused, each with a reason and its place: whatever RFC 8259 does
/// not allow, text that is not UTF-8, a NUL byte, nesting beyond `depth`, a key said twice in one
/// object. The caller has bounded the text's size.
[[nodiscard]] result<json> parse_json(std::string_view text, std::uint32_t depth);

/// Parses a text that this program wrote itself; null for any other.
///
/// This and `to_text` are the only places that instantiate nlohmann's parser and serialiser, which
/// cost seconds in every file that does.
[[nodiscard]] json parse_own(std::string_view text);

/// The value on one line; bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string to_text(const json& value);

/// Fails unless `object` is an object that holds no field beyond `known`. A field that looks like
/// a known one misspelt is answered with the right spelling.
[[nodiscard]] result<> check_fields(const json& object,
                                    std::initializer_list<std::string_view> known);

/// The word of `known` that is nearest to `word`, where one is near enough to have been meant.
[[nodiscard]] std::string_view nearest_word(std::string_view word,
                                            const std::vector<std::string_view>& known);

}  // namespace sonde::model
