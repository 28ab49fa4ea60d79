#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// What may stand where in a request: the rules of RFC 9110 and RFC 9112 that concern one byte or
/// one value. Where they leave room, the narrow reading. Pure; on any thread.

/// RFC 9110, section 5.6.2: of methods and field names.
[[nodiscard]] bool is_token_byte(char c);
/// RFC 3986, sections 3.3 and 3.4: of a path and a query, `%` for what is encoded, and of the
/// scheme and authority that may stand before them.
[[nodiscard]] bool is_target_byte(char c);
/// RFC 9110, section 5.5: of a field's value, with the spaces and tabs in it.
[[nodiscard]] bool is_value_byte(char c);

/// ASCII letters of either case are the same.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);

/// A host and, after a colon, maybe a port: a name of letters, digits, `-`, `.` and `_`, an IPv4
/// address, or an IPv6 address in brackets. RFC 3986 would let more pass for a name; no name in the
/// DNS needs it, and two readers may see different hosts in it.
[[nodiscard]] bool is_authority(std::string_view text);

/// Its host, without the port and the brackets of an IPv6 address.
[[nodiscard]] std::string_view host_of(std::string_view authority);

/// One that means this machine. On a loopback address it keeps out a web page whose own name has
/// been made to point here (DNS rebinding): what needs no credentials is for this machine to see.
[[nodiscard]] bool is_local_authority(std::string_view authority);

/// Decimal digits and nothing else, of a number that fits.
[[nodiscard]] std::optional<std::uint64_t> decimal_number(std::string_view text);

/// Tokens between commas, as in `Connection` (RFC 9110, sections 5.6.1 and 7.6.1).
[[nodiscard]] bool is_token_list(std::string_view text);
/// Whether such a list holds this token.
[[nodiscard]] bool has_token(std::string_view list, std::string_view token);

/// A request target, RFC 9112, section 3.2.
struct target_form {
  std::string_view authority;  ///< of the absolute form only
  std::string origin;          ///< path and query; `*` alone where all of the server is meant
};

/// Origin form, absolute form of http and https, or `*`. Nothing: another form, or none.
[[nodiscard]] std::optional<target_form> form_of_target(std::string_view target);

}  // namespace sonde::ingest
