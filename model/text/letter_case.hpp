#pragma once

#include <string>
#include <string_view>

namespace sonde::model {

/// Replaces each code point by its simple lower-case mapping (Unicode, UnicodeData.txt).
[[nodiscard]] std::string lower_case(std::string_view utf8);
/// Converts the first letter of each word to upper case, and the others to lower case. A word
/// consists of letters, digits and marks. An apostrophe between them does not end the word.
[[nodiscard]] std::string title_case(std::string_view utf8);

}  // namespace sonde::model
