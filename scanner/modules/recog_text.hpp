#pragma once

#include "scanner/modules/recognition.hpp"

#include <string_view>
#include <vector>

namespace sonde::scanner {

/// A text of a response, under the name that Recog files use for its kind.
struct recog_text {
  std::string_view matches;  ///< `ssh.banner`
  std::string_view text;     ///< points into the recognition
};

/// Returns the texts of a service that Recog files have patterns for, in the order in which they
/// decide. Does not own the bytes. Pure.
[[nodiscard]] std::vector<recog_text> recog_texts(const recognition& known);

/// Tells whether `recog_texts` knows this kind of text.
[[nodiscard]] bool is_recog_kind(std::string_view matches);

}  // namespace sonde::scanner
