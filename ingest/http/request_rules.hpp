#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// Syntax rules of RFC 9110 and RFC 9112 that concern one byte or one value. Where the RFCs leave a
/// choice, the strict reading applies. Pure; usable on any thread.

/// RFC 9110, section 5.6.2: bytes of methods and field names.
[[nodiscard]] bool is_token_byte(char c);
/// RFC 3986, sections 3.3 and 3.4: bytes of a path and a query, including `%` of percent-encoding,
/// and of the scheme and authority that may precede them.
[[nodiscard]] bool is_target_byte(char c);
/// RFC 9110, section 5.5: bytes of a field's value, including spaces and tabs.
[[nodiscard]] bool is_value_byte(char c);

/// Accepts a host and optionally a colon and a port: a name of letters, digits, `-`, `.` and `_`,
/// an IPv4 address, or an IPv6 address in brackets. RFC 3986 allows more in a name; no DNS name
/// needs it, and two readers may see different hosts in it.
[[nodiscard]] bool is_authority(std::string_view text);

/// Returns its host, without the port and the brackets of an IPv6 address.
[[nodiscard]] std::string_view host_of(std::string_view authority);

/// Accepts an authority that means this machine. On a loopback address this rejects a web page
/// whose own name resolves to this machine (DNS rebinding): data without credentials is for this
/// machine only.
[[nodiscard]] bool is_local_authority(std::string_view authority);

/// Parses decimal digits only. Returns nothing if the number does not fit.
[[nodiscard]] std::optional<std::uint64_t> decimal_number(std::string_view text);

/// Accepts comma-separated tokens, as in `Connection` (RFC 9110, sections 5.6.1 and 7.6.1).
[[nodiscard]] bool is_token_list(std::string_view text);
/// Tells whether such a list contains this token.
[[nodiscard]] bool has_token(std::string_view list, std::string_view token);

/// A request target (RFC 9112, section 3.2).
struct target_form {
  std::string_view authority;  ///< of the absolute form only
  std::string origin;          ///< path and query; `*` means the whole server
};

/// Parses the origin form, the absolute form of http and https, or `*`. Returns nothing for another
/// form or an invalid target.
[[nodiscard]] std::optional<target_form> form_of_target(std::string_view target);

}  // namespace sonde::ingest
