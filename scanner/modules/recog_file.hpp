#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::scanner {

/// A value that a fingerprint assigns, such as `service.version`.
struct recog_param {
  std::string name;
  std::size_t position = 0;  ///< number of the capturing group; 0: `value` is the value
  std::string value;         ///< may contain names of other parameters: `{service.version}`
};

/// A pattern of a Recog file and the values that follow from it.
struct recog_fingerprint {
  std::string pattern;  ///< regular expression, with the flags of the file as `(?…)` in front
  std::vector<recog_param> params;
  std::size_t line = 0;
};

/// A fingerprint file in the XML format of Rapid7's Recog project.
struct recog_file {
  std::string name;     ///< path, for errors
  std::string matches;  ///< the kind of text that the patterns are for: `ssh.banner`
  std::vector<recog_fingerprint> fingerprints;
};

/// The limit of a Recog file in bytes. The largest file of the Recog project has 0.7 MB.
inline constexpr std::size_t recog_file_bytes = 2 * 1024 * 1024;
/// The limit of the values that one fingerprint assigns.
inline constexpr std::size_t recog_params_most = 64;
/// The limit of the value of a parameter in bytes.
inline constexpr std::size_t recog_value_bytes = 512;

/// Parses `<fingerprints matches="…">` with `<fingerprint pattern="…" flags="…">` and
/// `<param pos="…" name="…" value="…"/>`. Other elements and attributes are ignored. An error names
/// the file, the line and the mistake. Pure.
[[nodiscard]] result<recog_file> parse_recog_file(std::string_view xml, const std::string& name);

}  // namespace sonde::scanner
