#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::model {

/// Cleans a text by the value rules: a code point becomes a space unless it is a letter (L), number
/// (N), punctuation (P), separator (Z), symbol (S) or ASCII white space. Fails for text that is not
/// UTF-8.
[[nodiscard]] result<std::string> clean(std::string_view text);

/// Returns a banner's main value. In `masked` the volatile parts of the banner are already
/// replaced.
///
/// Bytes that are not UTF-8, and U+FFFD, become spaces. The text is cleaned. Every run of
/// separators and ASCII white space becomes one space. The text is trimmed, cut at `longest` bytes
/// on a code point boundary, and trimmed again. If the result is then empty, the value is `hex:`
/// and the SHA-256 of `raw`.
[[nodiscard]] std::string banner_value(std::string_view masked, std::string_view raw,
                                       std::size_t longest);

/// Returns the first line of a banner, for tables: at most `longest` bytes of printable UTF-8.
[[nodiscard]] std::string first_line(std::string_view raw, std::size_t longest);

/// Makes every character visible that could move a terminal's cursor or change the display: C0 and
/// C1 controls, DEL, Unicode format characters (including bidirectional ones), line and paragraph
/// separators become `\u{1b}`, and bytes that are not UTF-8 become `\x9f`. Line feeds are
/// unchanged. Use it for all output to people.
[[nodiscard]] std::string visible(std::string_view text);

/// Like `visible`, for JSON texts. There these characters occur only in strings and become
/// `\u001b`, so that a reader gets the same value. Line feeds are unchanged.
[[nodiscard]] std::string visible_json(std::string_view text);

/// Returns at most `longest` bytes of the text, without cutting a code point.
[[nodiscard]] std::string_view cut_at(std::string_view utf8, std::size_t longest);

/// Reports whether the text contains only separators and ASCII white space.
[[nodiscard]] bool is_blank(std::string_view utf8);

}  // namespace sonde::model
