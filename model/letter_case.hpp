#pragma once

#include <string>
#include <string_view>

namespace sonde::model {

/// Each code point's simple lower-case mapping (Unicode, UnicodeData.txt).
[[nodiscard]] std::string lower_case(std::string_view utf8);
/// The first letter of each word upper case, the rest lower. A word is letters, digits and marks;
/// an apostrophe between them does not end it.
[[nodiscard]] std::string title_case(std::string_view utf8);

}  // namespace sonde::model
