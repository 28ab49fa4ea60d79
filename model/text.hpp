#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::model {

/// The cleaning of the value rules: each code point that is no letter (L), number (N),
/// punctuation (P), separator (Z), symbol (S) and no ASCII white space becomes a space. Text that
/// is not UTF-8 is refused.
[[nodiscard]] result<std::string> clean(std::string_view text);

/// A banner's main value, from what the service said with the volatile parts already replaced.
///
/// Bytes that are not UTF-8, and U+FFFD, become spaces; the text is cleaned; every run of
/// separators and ASCII white space becomes one space; it is trimmed, cut at `longest` bytes on a
/// code point's edge and trimmed again. If nothing is left: `hex:` and the SHA-256 of `raw`.
[[nodiscard]] std::string banner_value(std::string_view masked, std::string_view raw,
                                       std::size_t longest);

/// The first line of a banner, for tables: at most `longest` bytes, printable UTF-8.
[[nodiscard]] std::string first_line(std::string_view raw, std::size_t longest);

/// The text with everything made visible that could move a terminal's cursor or change how it
/// shows text: C0 and C1 controls, DEL, Unicode format characters (bidirectional ones among them),
/// line and paragraph separators become `\u{1b}`, bytes that are not UTF-8 `\x9f`. Line feeds
/// stay. For all that is printed for people.
[[nodiscard]] std::string visible(std::string_view text);

/// The same for JSON texts, in which these characters stand in strings only: `\u001b`, so that a
/// reader gets the same value. Line feeds stay.
[[nodiscard]] std::string visible_json(std::string_view text);

/// The text cut to at most `longest` bytes without cutting a code point in two.
[[nodiscard]] std::string_view cut_at(std::string_view utf8, std::size_t longest);

/// The bytes as UTF-8, each byte that is none replaced by U+FFFD: for text that goes into JSON.
[[nodiscard]] std::string to_utf8(std::string_view bytes);

[[nodiscard]] bool is_utf8(std::string_view text);
/// Whether it holds nothing but separators and ASCII white space.
[[nodiscard]] bool is_blank(std::string_view utf8);

}  // namespace sonde::model
