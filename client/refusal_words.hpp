#pragma once

#include "base/result.hpp"

#include <string>

namespace sonde::client {

/// Rewrites a server's refusal of a scan in terms of the command line: `"ports"`, a field of the
/// request, becomes the option `--ports`. After the refusal of a list or a network it adds how to
/// give a list of targets. Other sentences stay unchanged.
[[nodiscard]] std::string in_words_of_command(std::string sentence);

/// Rewrites a refusal of a target for a verb that has no option for ports.
[[nodiscard]] std::string without_request_fields(std::string sentence);

/// Adds the name of the requested object to a look-up error: `scan 7fb4…`, `entity ip-…`. If the
/// object does not exist, the error also says that it may be hidden from the caller's key. Errors
/// of another kind stay unchanged.
[[nodiscard]] error with_name(error why, const std::string& what);

/// Adds the id of the requested scan to a look-up error. If the text is not a scan id, the server's
/// own sentence stays. If the scan is no longer kept, the server's sentence follows the id.
[[nodiscard]] error with_scan(error why, const std::string& id);

}  // namespace sonde::client
